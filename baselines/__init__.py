"""The methods that Deep Feature Rotation is compared with.

A file or a folder for each method, what trained networks share, their training, and a reader of
other people's outputs. It imports only dfr.
"""
