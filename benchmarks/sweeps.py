# ruff: noqa: E402  # libraries count threads when they are imported
"""Whole grids of step sizes and dampings against the plain loop, as ratios taken in one run.

    EFVIZ_DATA=... python benchmarks/sweeps.py [name ...]

For each data set of the paper: CPU seconds of the three full grids of Table 5 (241 x 41 cells, 100
steps each, no cache, one thread), against the plain loop of tests/reference.py. The loop is timed
on a random sample of cells, at least 200 in all, and scaled to the full grids. The results are
compared on that sample too.
"""

import os

for library in ("OPENBLAS", "MKL", "OMP", "NUMBA"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from reference import depends_on_rounding, plain_run

from efviz import DATASETS
from efviz.datasets import available
from efviz.problems.catalogue import optimization_problem
from efviz.sweeps import DAMPINGS, STEP_SIZES, grid_search

METHODS = {"GD": 40, "NGD": 80, "EFGD": 80}
GOALS = {"breast-cancer": 10, "a1a": 20}
GOAL, SECONDS, SECONDS_A1A, MEGABYTES = 15, 15, 240, 2000


def measure(name: str) -> None:
    problem = optimization_problem(name)
    kind, rng = problem.likelihood.name, np.random.default_rng(0)
    ours = plain = 0.0
    equal = excepted = wrong = 0
    for method, count in METHODS.items():
        begun = time.process_time()
        got = grid_search(problem, method, STEP_SIZES, DAMPINGS, cache=False)
        ours += time.process_time() - begun
        levels = len(DAMPINGS) if method != "GD" else 1
        cells = rng.choice(len(STEP_SIZES) * levels, count, replace=False)
        runs = [(STEP_SIZES[c // levels], DAMPINGS[c % levels]) for c in cells]
        begun = time.process_time()
        ends = [plain_run(problem.X, problem.y, kind, method, *run) for run in runs]
        plain += (time.process_time() - begun) * len(STEP_SIZES) * levels / count
        for cell, run, (status, loss) in zip(cells, runs, ends, strict=True):
            at = divmod(cell, levels)
            close = abs(got.final_loss[at] - loss) <= 1e-9 * abs(loss) or not np.isfinite(loss)
            if status == got.status[at] and close:
                equal += 1
            elif status == "singular" or depends_on_rounding(
                problem.X, problem.y, kind, method, *run, by=1e-10
            ):
                excepted += 1
            else:
                wrong += 1
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = SECONDS_A1A if name == "a1a" else SECONDS
    print(
        f"{name}: {ours:.1f} s (goal {seconds}), plain loop {plain:.0f} s (scaled), "
        f"ratio {plain / ours:.0f} (goal {GOALS.get(name, GOAL)}); sample: {equal} equal, "
        f"{excepted} by rounding, {wrong} wrong; at most {memory:.0f} MB so far (goal {MEGABYTES})",
        flush=True,
    )


def warm_up() -> None:
    """Compile, or load the compiled code."""
    for name in ("wine", "breast-cancer", "a1a"):
        for method in METHODS:
            grid_search(
                optimization_problem(name), method, [1e-20, 1e-2], [1e-2], n_steps=2, cache=False
            )


if __name__ == "__main__":
    names = sys.argv[1:] or [name for name, entry in DATASETS.items() if entry.paper]
    warm_up()
    for name in names:
        if name in available():
            measure(name)
        else:
            print(f"{name}: not on this machine, see python -m efviz data")
