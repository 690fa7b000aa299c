"""Mutation testing: do the tests notice a fault in the code? See README.md here.

The faults are those of mutmut's operators. mutmut's own runner is not used, because it changes
nothing in a function with a decorator (a property, a context manager, ``no_grad``) nor in the
tables and constants of a module, and there is much of both here. This one forks, for each mutant,
a process that has imported torch and other libraries and nothing of this project; the child finds
the changed source in place of the module's file, and runs the tests of that module.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import gc
import importlib
import importlib.util
import os
import random
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path

import libcst
import pytest
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

from tests.mutants.modules import TESTS

#: The least share of a module's mutants that its tests must catch, in per cent.
LEAST = 85
#: What the tests import that is not of this project; a child need not import it again.
LIBRARIES = (
    "torch", "torchvision", "numpy", "pandas", "scipy.stats", "scipy.ndimage", "skimage.data",
    "skimage.draw", "PIL.Image", "hypothesis.strategies", "h5py", "sqlalchemy", "alembic.command",
    "alembic.autogenerate", "psycopg", "pydantic", "rich.progress", "typer", "matplotlib.pyplot",
    "pooch", "jinja2", "pyarrow.parquet", "choix", "krippendorff",
)  # fmt: skip
#: Seconds that any mutant may take, beside three times those of the module as it is.
PATIENCE = 30


class Everywhere(MutationVisitor):
    """mutmut's visitor, in functions with decorators too, and not in the words of messages."""

    raising = 0

    def on_visit(self, node: libcst.CSTNode) -> bool:
        self.raising += isinstance(node, libcst.Raise)
        return super().on_visit(node)

    def on_leave(self, node: libcst.CSTNode) -> None:
        self.raising -= isinstance(node, libcst.Raise)
        super().on_leave(node)

    def _should_mutate_node(self, node: libcst.CSTNode) -> bool:
        return not (self.raising and isinstance(node, libcst.SimpleString))

    def _skip_node_and_children(self, node: libcst.CSTNode) -> bool:
        decorated = isinstance(node, libcst.FunctionDef) and bool(node.decorators)
        return not decorated and super()._skip_node_and_children(node)


def mutants(source: str, count: int, seed: int) -> tuple[list[str], int]:
    """Return some sources that differ from this one by one fault, and how many there are.

    Args:
        source: of a module.
        count: of the sample; 0 for all.
        seed: of the sample.
    """
    tree = libcst.metadata.MetadataWrapper(libcst.parse_module(source))
    visitor = Everywhere(mutation_operators, IgnoredCode(set(), set(), set()))
    module = tree.visit(visitor)
    random.Random(seed).shuffle(visitor.mutations)
    known, chosen = {ast.dump(ast.parse(source))}, []
    for mutation in visitor.mutations:
        changed = module.deep_replace(mutation.original_node, mutation.mutated_node).code
        with contextlib.suppress(SyntaxError):
            meaning = ast.dump(ast.parse(changed))
            if meaning not in known:
                known.add(meaning)
                chosen.append(changed)
        if len(chosen) == count:
            break
    return chosen, len(visitor.mutations)


class Loader(SourceFileLoader):
    """Gives a module another source than its file's."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self.source = source

    def get_code(self, fullname: str):  # noqa: ARG002
        return compile(self.source, self.path, "exec", dont_inherit=True)


class Finder:
    """Finds one module of another source."""

    def __init__(self, path: str, source: str) -> None:
        self.name = path.removesuffix(".py").replace("/", ".")
        self.loader = Loader(self.name, path, source)

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.loader.path, loader=self.loader)


def passes(path: str, source: str, arguments: tuple[str, ...], seconds: float, log: Path) -> bool:
    """Run tests in a child of this process, in which a module has this source."""
    child = os.fork()
    if child == 0:
        os.setsid()
        with log.open("wb") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        sys.meta_path.insert(0, Finder(path, source))
        signal.setitimer(signal.ITIMER_REAL, seconds)  # whose signal ends the process
        quick = ("-x", "-q", "-p", "no:cacheprovider", f"--basetemp={log.with_suffix('.tests')}")
        code = 1
        try:
            code = int(pytest.main([*quick, *arguments]))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what the tests started and left
    return status == 0


def difference(before: str, after: str) -> tuple[str, str]:
    """Return the changed lines before and after, each as one line."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return tuple(  # type: ignore[return-value]
        " / ".join(line[2:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )


def survivors(path: str, sources: list[str], log: Path) -> Iterator[str]:
    """Yield the mutants of a module that none of its tests notices."""
    plain = Path(path).read_text(encoding="utf-8")
    for arguments in TESTS[path]:
        begin = time.monotonic()
        if not passes(path, plain, arguments, 3600, log):
            raise SystemExit(f"{path}: the tests fail without a fault\n{log.read_text()}")
        limit = PATIENCE + 3 * (time.monotonic() - begin)
        print(f"  {' '.join(arguments)}: {time.monotonic() - begin:.1f} s", flush=True)
        sources = [source for source in sources if passes(path, source, arguments, limit, log)]
    yield from sources


def main() -> None:
    """Run the mutants of some modules, and name those that survive."""
    parser = argparse.ArgumentParser(prog="tox -e mutants --", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="part of a module's path")
    parser.add_argument("--sample", type=int, default=40, help="mutants of each module; 0: all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    asked = parser.parse_args()
    paths = [path for path in TESTS if not asked.modules or any(m in path for m in asked.modules)]
    os.environ["OMP_NUM_THREADS"] = "1"
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()  # so that no child's collector touches, and thereby copies, what is shared
    known = tomllib.loads(Path(__file__).with_name("explained.toml").read_text(encoding="utf-8"))
    explained = {tuple(change) for each in known["survivor"] for change in each["changes"]}
    counts = Counter()
    weak = []
    with tempfile.TemporaryDirectory(prefix="dfr-mutants-") as folder:
        for path in paths:
            print(path, flush=True)
            plain = Path(path).read_text(encoding="utf-8")
            chosen, every = mutants(plain, asked.sample, asked.seed)
            count = len(chosen)
            left = [difference(plain, one) for one in survivors(path, chosen, Path(folder) / "log")]
            for before, after in left:
                mark = "explained" if (before, after) in explained else "SURVIVED"
                print(f"  {mark}\n    - {before}\n    + {after}")
            caught = 100 * (count - len(left)) / count
            print(f"  {count - len(left)} of {count} caught ({caught:.0f} %; of about {every})")
            counts.update(mutants=count, caught=count - len(left))
            if caught < LEAST:
                weak.append(path)
    print(f"{counts['caught']} of {counts['mutants']} caught")
    if weak:
        raise SystemExit(f"fewer than {LEAST} % caught: {', '.join(weak)}")


if __name__ == "__main__":
    main()
