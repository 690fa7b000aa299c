"""Which tests pin which module: a tuple of runs of pytest, the quickest first."""

from __future__ import annotations

TESTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "dfr/methods/rotation.py": (("tests/dfr/methods/test_rotation.py",),),
    "dfr/objective/feature_statistics.py": (("tests/dfr/objective/test_feature_statistics.py",),),
    "dfr/objective/objective.py": (("tests/dfr/objective/test_objective.py",),),
    "dfr/objective/gradients.py": (
        ("tests/dfr/objective/test_gradients.py",),
        ("tests/dfr/solvers/test_synthesis.py",),
    ),
    "eval/runs/store.py": (("tests/eval/runs/test_store.py",),),
    "studies/ballots/ballots.py": (
        ("tests/studies/ballots/test_ballots.py", "-k", "not postgresql"),
    ),
    "eval/analysis/pairs.py": (("tests/eval/analysis/test_pairs.py",),),
}
