"""What the authors published as pictures and tables, and ours made to stand beside it.

Reading the published outputs, making ours with the published solver at the published size, and
the numbers of both. Nothing in here judges; claims do.
"""
