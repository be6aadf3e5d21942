"""Distance of the empirical Fisher from the Fisher at the minimum as a function of N (Eq. 17)."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache

import numpy as np

from efviz.arrays import Array
from efviz.curvature.distance import relative_distance
from efviz.problems import Problem
from efviz.work import Progress, Work

Sample = Callable[[int, int], Iterable[Problem]]
"""sample(N, seed) -> the cases to compare, drawn afresh for every N and seed."""


def sizes(low: int = 10, high: int = 1_000_000, per_decade: int = 2) -> tuple[int, ...]:
    """From low to high, evenly spaced in log N, both ends included."""
    n = max(2, round(per_decade * np.log10(high / low)) + 1)
    return tuple(dict.fromkeys(round(float(N)) for N in np.geomspace(low, high, n)))


@dataclass(frozen=True, eq=False)
class Convergence:
    """distances (cases, seeds, sizes); nan if not computed yet or, where `computed`, no minimum."""

    sizes: tuple[int, ...]
    distances: Array
    computed: Array

    @property
    def fraction(self) -> float:
        """The fraction of all examples that have been fitted."""
        weight = np.array(self.sizes, dtype=float)
        return float((self.computed * weight).sum() / (weight.sum() * len(self.computed)))

    def quantiles(self, q: Sequence[float]) -> Array:
        """Over the seeds that have a distance: (len(q), cases, sizes), nan where none has."""
        known = np.isfinite(self.distances).sum(axis=1)
        some = np.where(known[:, None] > 0, self.distances, 0.0)
        return np.where(known > 0, np.nanquantile(some, q, axis=1), np.nan)

    def without_minimum(self, case: int) -> Array:
        """The number of seeds of each size without a minimum, (sizes,)."""
        return np.asarray((np.isnan(self.distances[case]) & self.computed).sum(axis=0))


def distance_at_minimum(problem: Problem) -> float:
    """|EF - F| / |F| at theta_star, nan where there is none."""
    if not problem.minimum.exists:
        return float("nan")
    _, F, EF = problem.gradient_and_matrices(problem.theta_star)
    return float(relative_distance(EF, F))


def converge(
    sample: Sample,
    cases: int,
    seeds: Sequence[int],
    sizes: Sequence[int],
    workers: Executor,
    patience: float = 0.05,
) -> Work[Convergence]:
    """Work towards a Convergence, small samples first; yields on each result, or after a wait.

    The samples are drawn and fitted in `workers`, only a few ahead of what has been requested, so
    that little work continues after the caller has stopped iterating.
    """
    distances = np.full((cases, len(seeds), len(sizes)), np.nan)
    computed = np.zeros((len(seeds), len(sizes)), dtype=bool)
    # The search for the minimum of a sample begins at the minimum of the next smaller one.
    found: dict[int, list[Array]] = {}

    def so_far() -> Convergence:
        return Convergence(tuple(sizes), distances.copy(), computed.copy())

    jobs = iter([(i, k) for i in range(len(sizes)) for k in range(len(seeds))])

    def fit(i: int, k: int) -> list[float]:
        values, minima = [], []
        for case, problem in enumerate(sample(sizes[i], seeds[k])):
            near = found.get(k)
            if near and np.isfinite(near[case]).all():
                problem = problem.searched_from(near[case])
            values.append(distance_at_minimum(problem))
            minima.append(problem.theta_star)
        found[k] = minima
        return values

    running: dict[Future[list[float]], tuple[int, int]] = {}
    while True:
        for i, k in jobs:
            running[workers.submit(fit, i, k)] = i, k
            if len(running) >= _AHEAD:
                break
        if not running:
            return so_far()
        for future in wait(running, timeout=patience, return_when=FIRST_COMPLETED).done:
            i, k = running.pop(future)
            distances[:, k, i] = future.result()
            computed[k, i] = True
        yield Progress(so_far().fraction, so_far)


@cache
def shared_workers() -> ThreadPoolExecutor:
    """Shared by the whole process, with as many threads as a small machine has processors."""
    return ThreadPoolExecutor(2, thread_name_prefix="convergence")


# Number of samples in progress at a time: enough to keep two processors busy.
_AHEAD = 3
