"""Numbers of one whole run, committed, and how a later run is set beside them."""
