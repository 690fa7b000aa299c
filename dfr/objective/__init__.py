"""What is minimised: statistics of features, the content, style and variation terms, gradients.

A function from features or pictures to losses belongs here, and nothing that takes steps.
"""
