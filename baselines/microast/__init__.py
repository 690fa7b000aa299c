"""MicroAST: Wang, Zhao, Zuo, Li, Chen, Xing, Lu, Towards Super-Fast Ultra-Resolution Arbitrary
Style Transfer, AAAI 2023 (arXiv 2211.15313).
"""
