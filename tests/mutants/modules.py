"""Which tests pin which module: the arguments of one or more runs of pytest, the quickest first."""

from __future__ import annotations

_SQLITE = ("-k", "not postgresql and not opened_by_many_at_once")

TESTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "dfr/methods/rotation.py": (("tests/dfr/methods/test_rotation.py",),),
    "dfr/objective/feature_statistics.py": (("tests/dfr/objective/test_feature_statistics.py",),),
    "dfr/objective/objective.py": (
        ("tests/dfr/objective/test_objective.py",),
        ("tests/dfr/objective/test_balance.py",),
    ),
    "dfr/objective/balance.py": (("tests/dfr/objective/test_balance.py",),),
    "dfr/objective/gradients.py": (("tests/dfr/objective/test_gradients.py",),),
    "dfr/solvers/adam.py": (
        ("tests/dfr/methods/test_deep_feature_rotation.py", "-k", "defaults"),
        ("tests/dfr/solvers/test_adam.py",),
        ("tests/dfr/solvers/test_synthesis.py", "-k", "not solver1 and not solver2 and not lbfgs"),
    ),
    "eval/analysis/pairs.py": (("tests/eval/analysis/test_pairs.py",),),
    "eval/analysis/crossed.py": (("tests/eval/analysis/test_crossed.py",),),
    "eval/analysis/flips.py": (("tests/eval/analysis/test_flips.py",),),
    "studies/analysis/clusters.py": (("tests/studies/analysis/test_clusters.py",),),
    "eval/runs/store.py": (("tests/eval/runs/test_store.py",),),
    "studies/ballots/ballots.py": (
        ("tests/studies/ballots/test_ballots.py", *_SQLITE),
        ("tests/studies/ballots/test_withdrawal.py", *_SQLITE),
        ("tests/studies/ballots/test_doors.py", *_SQLITE),
    ),
    "studies/ballots/newcomers.py": (
        ("tests/studies/ballots/test_newcomers.py", *_SQLITE),
        ("tests/studies/ballots/test_ballots.py", *_SQLITE),
        ("tests/studies/ballots/test_doors.py", *_SQLITE),
        ("tests/studies/ballots/test_demographics.py", *_SQLITE),
    ),
    "studies/ballots/seats.py": (
        ("tests/studies/ballots/test_seats.py",),
        ("tests/studies/ballots/test_ballots.py", *_SQLITE),
    ),
    "studies/ballots/administration.py": (
        ("tests/studies/ballots/test_ballots.py", *_SQLITE),
        ("tests/studies/ballots/test_withdrawal.py", *_SQLITE),
        ("tests/studies/ballots/test_export.py", *_SQLITE),
    ),
    "studies/ballots/database.py": (
        ("tests/studies/ballots/test_database.py",),
        ("tests/studies/ballots/test_schema.py", *_SQLITE),
        ("tests/studies/ballots/test_ballots.py", *_SQLITE),
    ),
}
