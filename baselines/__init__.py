"""The methods that Deep Feature Rotation is compared with.

A file or a folder for each method, what trained networks share, their training, and one file that
reads other people's outputs from a folder. It imports only
dfr.
"""
