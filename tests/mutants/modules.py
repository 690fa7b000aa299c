"""Which tests pin which module: a tuple of runs of pytest, the quickest first."""

from __future__ import annotations

TESTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "dfr/methods/rotation.py": (("tests/dfr/methods/test_rotation.py",),),
    "dfr/objective/feature_statistics.py": (("tests/dfr/objective/test_feature_statistics.py",),),
    "dfr/objective/objective.py": (("tests/dfr/objective/test_objective.py",),),
    "eval/analysis/pairs.py": (("tests/eval/analysis/test_pairs.py",),),
}
