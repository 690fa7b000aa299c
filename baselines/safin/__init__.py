"""SAFIN: Singh, Hingane, Gong, Wang, SAFIN: Arbitrary Style Transfer with Self-Attentive Factorized
Instance Normalization, ICME 2021 (arXiv 2105.06129).
"""
