"""Methods that Deep Feature Rotation is compared with, on the same engine."""
