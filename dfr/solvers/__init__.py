"""What moves pictures down an objective: Adam, L-BFGS and the fast solver, in one loop.

A solver knows an objective and an encoder, and no method.
"""
