"""Packages of somebody else's on the path."""

from tests.packages import example, example_site, package

__all__ = ["example", "example_site", "package"]
