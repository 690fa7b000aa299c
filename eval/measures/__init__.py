"""The measures of outputs: one file each, and the registry.

A measure sees one pair and the outputs of one method, and returns numbers.
"""
