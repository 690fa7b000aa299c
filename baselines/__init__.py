"""The methods that Deep Feature Rotation is compared with, one file each.

Other people's outputs, read from a folder, enter here as well. It imports only dfr.
"""
