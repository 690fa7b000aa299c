"""Trained networks: VGG-19 features by layer, LPIPS, and where their weights come from.

Code that reads, checks or runs trained weights belongs here. It imports only core.
"""
