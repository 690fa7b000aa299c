"""Deep Feature Rotation, and the engine every method of this suite stands on."""

__version__ = "0.1.0"
