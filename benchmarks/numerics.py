"""The numerics against plain NumPy, as ratios taken in one run.

    python benchmarks/numerics.py

(a) The paper's whole Figure 1: three 15 x 15 fields and 12 trajectories of 50,000 steps, against
    the plain loop over grid points and steps (timed on a sample of its steps and scaled).
(b) A 25 x 25 field of EFGD for least squares at N = 1,000,000, including everything computed from
    the data, against one pass over the data (loss and gradient at one theta).
(c) 25 x 25 fields of logistic regression at N = 100,000, in seconds.
(d) What numba costs: time to import and to compile, with an empty and with a filled cache.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from efviz import PROBLEMS, run
from efviz.fields import Plane, vector_field
from efviz.problems import linear_regression

STARTS = np.array([[2, 4.5], [1, 0], [4.5, 3], [-0.5, 3]])
SCALES = {"GD": 1 / 3, "NGD": 1.0, "EFGD": 3.0}
STEP_SIZE, DAMPING, STEPS, SAMPLE = 1e-3, 1e-8, 50_000, 1000


def seconds(work: Callable[[], object], rounds: int = 5) -> float:
    """The median time of a few rounds after a warm-up round."""
    work()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def plain_direction(X: np.ndarray, y: np.ndarray, method: str, theta: np.ndarray) -> np.ndarray:
    """The update of one method at one theta, written out plainly."""
    G = X * (X @ theta - y)[:, None]
    g = G.mean(axis=0)
    if method == "GD":
        return g
    B = X.T @ X if method == "NGD" else G.T @ G
    return np.linalg.solve(B / len(X) + DAMPING * np.eye(2), g)


def figure_1() -> None:
    entry = PROBLEMS["fig1"]
    problem = entry.problem(entry.dataset())
    X, y = problem.X, problem.y
    grid = Plane((-1, 5), (-1, 5)).grid(15)

    def efviz() -> dict[str, np.ndarray]:
        for method in SCALES:
            vector_field(problem, method, grid, damping=DAMPING)
        return {
            method: run(
                problem,
                method,
                STARTS,
                step_size=STEP_SIZE * scale,
                damping=DAMPING,
                n_steps=STEPS,
                record=160,
            ).final_theta
            for method, scale in SCALES.items()
        }

    begun = time.perf_counter()
    worst = 0.0
    for method, scale in SCALES.items():
        thetas = STARTS.copy()
        for theta in thetas:
            for _ in range(SAMPLE):
                theta -= STEP_SIZE * scale * plain_direction(X, y, method, theta)
        knobs = {"step_size": STEP_SIZE * scale, "damping": DAMPING}
        ours = run(problem, method, STARTS, n_steps=SAMPLE, record=2, **knobs).final_theta
        worst = max(worst, float(np.abs(ours - thetas).max()))
    steps = (time.perf_counter() - begun) * STEPS / SAMPLE
    begun = time.perf_counter()
    for method in SCALES:
        for theta in grid.reshape(-1, 2):
            plain_direction(X, y, method, theta)
    plain = steps + time.perf_counter() - begun
    fast = seconds(efviz)
    print(f"(a) Figure 1 whole: {1e3 * fast:.0f} ms, plain loop {plain:.0f} s (scaled)")
    print(f"    ratio {plain / fast:.0f} (goal: at least 300); largest difference {worst:.0e}")


def least_squares() -> None:
    dataset = PROBLEMS["fig1"].dataset(N=1_000_000)
    X, y, theta = dataset.X, dataset.y, np.array([1.0, 3.0])
    grid = Plane((-1, 5), (-1, 5)).grid(25)

    def one_pass() -> tuple[float, np.ndarray]:
        r = X @ theta - y
        return float((r**2).mean()) / 2, X.T @ r / len(X)

    field = seconds(lambda: vector_field(linear_regression(X, y), "EFGD", grid, damping=DAMPING))
    plain = seconds(one_pass)
    print(f"(b) least-squares field at N = 1,000,000: {1e3 * field:.1f} ms")
    print(f"    one pass over the data {1e3 * plain:.1f} ms, ratio {field / plain:.2f} (goal: 2)")


def logistic() -> None:
    entry = PROBLEMS["fig2"]
    problem = entry.problem(entry.dataset(N=100_000))
    grid = Plane((-1.5, 1.5), (-1.5, 1.5)).grid(25)
    times = {m: seconds(lambda m=m: vector_field(problem, m, grid), 3) for m in SCALES}
    words = ", ".join(f"{method} {value:.2f} s" for method, value in times.items())
    print(f"(c) logistic fields at N = 100,000: {words} (goal: below 1 s)")


def compiler() -> None:
    code = "import time; t = time.time(); import numba; print(time.time() - t); "
    code += "from efviz.dashboard.warm_up import warm_up; t = time.time(); warm_up(); "
    code += "print(time.time() - t)"
    with tempfile.TemporaryDirectory() as cache:
        for words in ("empty", "filled"):
            environment = os.environ | {"NUMBA_CACHE_DIR": cache}
            command = [sys.executable, "-W", "ignore", "-c", code]
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=True
            )
            imported, warm = (float(line) for line in done.stdout.split())
            print(f"(d) {words} cache: import numba {imported:.1f} s, warm-up {warm:.1f} s")


if __name__ == "__main__":
    figure_1()
    least_squares()
    logistic()
    compiler()
