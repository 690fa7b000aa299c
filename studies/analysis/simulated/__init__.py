"""Simulated people of known strength: what an analysis should find is known beforehand."""
