"""AdaIN: Huang and Belongie, Arbitrary Style Transfer in Real-time with Adaptive Instance
Normalization, ICCV 2017 (arXiv 1703.06868).
"""
