"""What a method is, the registry of all methods, and Deep Feature Rotation itself.

A method turns two pictures into named outputs. Rotations and the audit of modes are here too.
"""
