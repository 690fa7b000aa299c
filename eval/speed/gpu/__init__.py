"""What a graphics processor does: correctness, speed, and the published pictures, in one go.

``python -m eval.speed.gpu --published DIR [--out DIR]`` needs only what the core of this project
needs (torch, numpy, pillow, scipy, pydantic). Every result is written to ``OUT/results.jsonl`` as
soon as it is there, pictures go to ``OUT/pictures-N.tar``: whatever stops the run, what it had is
kept.
``python -m eval.speed.gpu.tables`` makes tables of the results.
"""
