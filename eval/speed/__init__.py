"""How fast it is: timing of a run's methods, races against other implementations, growth.

Whatever looks at a clock to compare belongs here.
"""
