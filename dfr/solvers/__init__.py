"""What moves pictures down an objective: Adam, L-BFGS and the fast solver, a file each.

A solver knows an objective and an encoder, and no method.
"""
