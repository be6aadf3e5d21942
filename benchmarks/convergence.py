"""The chart of distances against N: three cases, eight seeds, up to a million examples.

    python benchmarks/convergence.py [--problem fig2] [--repeat 3]

Times `convergence.converge` with two workers, as the page At the minimum uses it, after a first run
that compiles. The same run times plain NumPy with scipy's BFGS (the paper's method) on one seed of
the largest sample, and scales that to all samples in proportion to their examples. Prints seconds,
CPU seconds and the ratio.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import optimize
from scipy.special import expit

from efviz import PROBLEMS
from efviz.problems import Problem
from efviz.problems.catalogue import Entry
from efviz.studies.convergence import Convergence, converge, sizes
from efviz.work import Progress, finish

SEEDS = 8


def cases(entry: Entry) -> list[tuple[str, float]]:
    assert entry.family
    first, *others = entry.family.paths
    return [(first, 0.0), (first, 1.0), *((path, 1.0) for path in others[:1])]


def plain(problem: Problem) -> float:
    """The distance by BFGS and whole-array NumPy."""
    X, y = problem.X, problem.y
    logistic = problem.likelihood.name == "bernoulli"
    mean = expit if logistic else (lambda f: f)

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        f = X @ theta
        value = np.logaddexp(0, f) - y * f if logistic else (f - y) ** 2 / 2
        return float(value.mean()), X.T @ (mean(f) - y) / len(y)

    theta = optimize.minimize(loss, np.zeros(2), jac=True, method="BFGS").x
    f = X @ theta
    r = mean(f) - y
    w = expit(f) * expit(-f) if logistic else np.ones_like(f)
    F = (X * w[:, None]).T @ X / len(y)
    EF = (X * (r**2)[:, None]).T @ X / len(y)
    return float(np.linalg.norm(EF - F) / np.linalg.norm(F))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--problem", choices=["fig2", "fig4", "fig1"], default="fig2")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    entry = PROBLEMS[options.problem]
    assert entry.family
    family, chosen = entry.family, cases(entry)

    def sample(N: int, seed: int) -> Iterator[Problem]:
        draws = family.draws(N, seed)
        for path, s in chosen:
            yield entry.problem(family.sample(N, seed, path, s, draws=draws))

    walls, cpus, firsts, plains = [], [], [], []
    largest = sizes()[-1]
    with ThreadPoolExecutor(2) as workers:
        finish(converge(sample, len(chosen), range(2), (10, 100_000), workers))
        for _ in range(options.repeat):
            start, cpu, seen = time.perf_counter(), time.process_time(), []

            def tell(progress: Progress[Convergence], seen: list[float] = seen) -> None:
                if progress.fraction:
                    seen.append(time.perf_counter())

            found = finish(converge(sample, len(chosen), range(SEEDS), sizes(), workers), tell)
            walls.append(time.perf_counter() - start)
            cpus.append(time.process_time() - cpu)
            firsts.append(seen[0] - start)
            start = time.perf_counter()
            values = [plain(problem) for problem in sample(largest, 0)]
            plains.append((time.perf_counter() - start) * SEEDS * sum(sizes()) / largest)
            np.testing.assert_allclose(values, found.distances[:, 0, -1], rtol=1e-2)
    wall, cpu = statistics.median(walls), statistics.median(cpus)
    print(f"first points after {statistics.median(firsts):.2f} s")
    print(f"all points after   {wall:.2f} s   (goal: under 2), {cpu:.2f} CPU seconds")
    slow = statistics.median(plains)
    print(f"plain, scaled      {slow:.1f} s, ratio {slow / wall:.1f}")


if __name__ == "__main__":
    main()
