"""Errors, files, pictures, devices, provenance and the terminal: what every room needs.

Nothing in here knows of networks or of style. It imports no other room.
"""
