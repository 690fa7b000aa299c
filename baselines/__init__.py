"""The methods that Deep Feature Rotation is compared with: Gatys, DeCorMST, a feed-forward network.

A file for each method, and one that reads other people's outputs from a folder. It imports only
dfr.
"""
