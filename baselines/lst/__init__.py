"""LST: Li, Liu, Kautz, Yang, Learning Linear Transformations for Fast Image and Video Style
Transfer, CVPR 2019 (arXiv 1808.04537).
"""
