"""The user study (not built yet)."""
