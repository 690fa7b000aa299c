"""Training of small networks for the suite: ``python -m baselines.train NAME``."""
