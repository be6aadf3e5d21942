"""Step size x damping grids over whole batches of runs: the search of the paper's App. D.3.

`grid_search` computes everything at once, `sweep` does the same as work that can be stopped at any
time. Pieces of the grid are computed through joblib: inside `joblib.parallel_config("dask")`, or
any other backend, the same call runs on a cluster. Each piece holds step sizes from all over the
grid, so pieces cost the same and partial results already show the whole grid, only coarser.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from numpy.typing import ArrayLike, NDArray

from efviz.arrays import Array, Mask
from efviz.lazy import cached_property
from efviz.numbers import number
from efviz.numerics.threads import one_blas_thread
from efviz.optimizers import METHODS
from efviz.optimizers.status import Status
from efviz.problems import Problem
from efviz.shown import Shown, tally
from efviz.sweeps import store
from efviz.sweeps.outcome import FINISHED, STATUSES, Outcome, Plan, Steps
from efviz.sweeps.paths import plan
from efviz.sweeps.rounding import (
    CHAOS,
    TIE,
    ends,
    ends_otherwise,
    first_cell,
    loss_rounding,
    relative_change,
    tied_cells,
)
from efviz.work import Progress, Work, finish, part

STEP_SIZES: Array = np.logspace(-20, 10, 241)
"""Table 5, at the spacing 0.125 that was used; the paper prints 0.25."""

DAMPINGS: Array = np.logspace(-10, 10, 41)
"""Table 5, at the spacing 0.5 that was used; the paper prints 0.25."""

_ROWS = 8
# This many of the next best runs are tested for whether rounding could make them the best.
_RIVALS = 32
# The ends of a run under two roundings show only part of its error: this many times their distance.
_SPREAD = 10


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Shown):
    """The end of every run of the grid: step_sizes (S,) x dampings (L,).

    final_loss (S, L) is the last loss of a run: after n_steps, or the loss that broke the limit, or
    the loss where a matrix was singular; nan where nothing was computed. status (S, L): "finished",
    "diverged", "singular" or "missing". GD takes no damping, so its columns are equal.

    `tied` (S, L) are the cells that finished at the least loss, to a relative 1e-12 or to the
    rounding of the loss itself. `change_by_rounding` is the relative change of the selected cell's
    loss when the last digits of its run change; above CHAOS the loss is arbitrary. `contested`:
    another run that depends on rounding may reach as low a loss with other digits, so another
    machine may select that run.
    """

    method: str
    step_sizes: Array
    dampings: Array
    n_steps: int
    first_loss: float
    final_loss: Array
    status: NDArray[np.str_]
    steps_taken: NDArray[np.int64]
    tied: Mask
    change_by_rounding: float = np.nan
    contested: bool = False

    def facts(self) -> dict[str, str]:
        step_size, damping, loss = self.best()
        best = f"{number(loss)} at step size {number(step_size)}"
        if METHODS[self.method].damped:
            best += f", damping {number(damping)}"
        return {
            "method": self.method,
            "runs": " × ".join(map(str, self.status.shape)),
            "steps": f"{self.n_steps:,}",
            "status": tally(self.status),
            "least loss": best if np.isfinite(loss) else "none: no run finished",
        }

    @cached_property
    def _best(self) -> tuple[int, int] | None:
        return first_cell(self.tied, self.step_sizes, self.dampings)

    def best(self) -> tuple[float, float, float]:
        """(step size, damping, loss) of the selected cell; nan if no run finished.

        Among the cells that are `tied` at the least loss, it is the one whose step size is nearest
        1 in log (of two equally near, the smaller), with the least damping. For GD, which takes no
        damping, it is in the first column.
        """
        if self._best is None:
            return np.nan, np.nan, np.nan
        row, column = self._best
        return (
            float(self.step_sizes[row]),
            float(self.dampings[column]),
            float(self.final_loss[row, column]),
        )

    @property
    def others(self) -> int:
        """The number of other cells as good as the selected one; for GD, of other step sizes."""
        tied = self.tied if METHODS[self.method].damped else self.tied[:, :1]
        return max(int(tied.sum()) - 1, 0)

    @property
    def chaotic(self) -> bool:
        """Whether the selected cell, or the last digits of its loss, depend on rounding."""
        return self.change_by_rounding > CHAOS or self.contested

    @property
    def complete(self) -> bool:
        return not (self.status == Status.MISSING).any()

    def columns(self) -> dict[str, list[Any]]:
        """The grid as a long table, one row per cell: the contents of CSV and JSON files."""
        step_size, damping = np.meshgrid(self.step_sizes, self.dampings, indexing="ij")
        table = {
            "step_size": step_size,
            "damping": damping,
            "status": self.status,
            "final_loss": self.final_loss,
            "steps": self.steps_taken,
            "tied_with_best": self.tied,
        }
        return {name: values.ravel().tolist() for name, values in table.items()}


def grid_search(
    problem: Problem,
    method: str,
    step_sizes: ArrayLike,
    dampings: ArrayLike,
    *,
    theta_0: ArrayLike | None = None,
    n_steps: int = 100,
    progress: Callable[[Progress[Sweep]], object] | None = None,
    cache: bool = True,
) -> Sweep:
    """Run `method` from theta_0 for every step size (S,) and damping (L,): (S, L) runs.

    A run whose loss exceeds 100 times its first one has diverged and stops (the authors' rule).
    theta_0 (D,) defaults to the problem's start, which is 0 for linear models. `progress` is called
    with a Progress every few moments and stops the sweep by returning False: finished cells are
    returned, the rest are "missing". `cache` stores finished pieces on disk and reuses those that
    are there. Raises ValueError for invalid arguments; no run ever raises an error.
    """
    work = sweep(
        problem, method, step_sizes, dampings, theta_0=theta_0, n_steps=n_steps, cache=cache
    )
    return finish(work, progress)


def sweep(
    problem: Problem,
    method: str,
    step_sizes: ArrayLike,
    dampings: ArrayLike,
    *,
    theta_0: ArrayLike | None = None,
    n_steps: int = 100,
    cache: bool = True,
) -> Work[Sweep]:
    """Work towards `grid_search`; a caller that stops iterating cancels the rest."""
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; there are {', '.join(METHODS)}")
    step_sizes, dampings = _axis("step_sizes", step_sizes), _axis("dampings", dampings)
    if not (step_sizes > 0).all():
        raise ValueError(f"step_sizes must be positive, got {step_sizes.min()}")
    if not (dampings >= 0).all():
        raise ValueError(f"dampings must not be negative, got {dampings.min()}")
    if n_steps < 0:
        raise ValueError(f"n_steps must be at least 0, got {n_steps}")
    theta = problem.check_theta(problem.start if theta_0 is None else theta_0)
    if theta.ndim != 1 or not np.isfinite(theta).all():
        raise ValueError(f"theta_0 must be ({problem.D},) finite numbers, got {theta_0!r}")
    return _Search(problem, method, step_sizes, dampings, theta, n_steps, cache).work()


def _axis(name: str, values: ArrayLike) -> Array:
    axis = np.asarray(values, dtype=float)
    if axis.ndim != 1 or not axis.size or not np.isfinite(axis).all():
        raise ValueError(f"{name} must be a list of finite numbers, got {values!r}")
    return axis


class _Search:
    """A grid in progress: its pieces, and the results so far."""

    def __init__(
        self,
        problem: Problem,
        method: str,
        step_sizes: Array,
        dampings: Array,
        theta_0: Array,
        n_steps: int,
        cache: bool,
    ) -> None:
        self.problem, self.method, self.theta_0, self.n_steps = problem, method, theta_0, n_steps
        self.step_sizes, self.dampings = step_sizes, dampings
        self.cache = cache and store.repeatable(problem, method)
        one_blas_thread()
        self.first_loss = float(problem.loss(theta_0))
        self.rounding = loss_rounding(problem, self.first_loss)
        self.key = store.problem_digest(problem, method, theta_0, n_steps)
        # GD takes no damping: one column stands for all.
        self.levels = dampings if METHODS[method].damped else np.zeros(1)
        self.outcome = Outcome(len(step_sizes) * len(self.levels))
        count = -(-len(step_sizes) // _ROWS)
        rows = np.arange(len(step_sizes))
        cells = np.arange(self.outcome.R).reshape(len(rows), -1)
        self.pieces = [cells[k::count].ravel() for k in range(count)]

    def work(self) -> Work[Sweep]:
        pending = []
        for cells in self.pieces:
            known = store.load(self._name(cells), len(cells)) if self.cache else None
            if known is None:
                pending.append(cells)
            else:
                self._keep(cells, known)
        found = 1 - len(pending) / len(self.pieces)
        yield Progress(found, self._result)
        yield from part(self._compute(pending), found, 1, meanwhile=self._result)
        return self._result(*self._doubt())

    def _compute(self, pending: list[NDArray[np.int64]]) -> Steps:
        """Compute the pending pieces here or where joblib is configured to."""
        arguments = [(*self._runs(cells), self.n_steps) for cells in pending]
        if _here():
            for i, (cells, (step_size, damping, n_steps)) in enumerate(
                zip(pending, arguments, strict=True)
            ):
                outcome = Outcome(len(cells))
                work = self._plan.advance(step_size, damping, n_steps, outcome)
                yield from part(_in_one_thread(work), i / len(pending), (i + 1) / len(pending))
                self._finish(cells, outcome)
                yield Progress((i + 1) / len(pending))
            return
        tasks = (
            joblib.delayed(_piece)(i, self.key, self.problem, self.method, self.theta_0, *some)
            for i, some in enumerate(arguments)
        )
        backend = joblib.parallel.get_active_backend()[0]
        one_by_one = backend.supports_return_generator
        results = joblib.Parallel(return_as="generator_unordered" if one_by_one else "list")(tasks)
        try:
            for finished, (i, outcome) in enumerate(results, 1):
                self._finish(pending[i], outcome)
                yield Progress(finished / len(pending))
        finally:
            if one_by_one:
                with warnings.catch_warnings():
                    # joblib warns about abandoned tasks, which is what cancelling means.
                    warnings.simplefilter("ignore")
                    results.close()

    @cached_property
    def _plan(self) -> Plan:
        return plan(self.problem, self.method, self.theta_0)

    def _runs(self, cells: NDArray[np.int64]) -> tuple[Array, Array]:
        row, column = np.divmod(cells, len(self.levels))
        return self.step_sizes[row], self.levels[column]

    def _name(self, cells: NDArray[np.int64]) -> str:
        return store.digest(self.key, *self._runs(cells))

    def _finish(self, cells: NDArray[np.int64], outcome: Outcome) -> None:
        self._keep(cells, outcome)
        if self.cache:
            store.save(self._name(cells), outcome)

    def _keep(self, cells: NDArray[np.int64], outcome: Outcome) -> None:
        self.outcome.loss[cells] = outcome.loss
        self.outcome.status[cells] = outcome.status
        self.outcome.taken[cells] = outcome.taken

    def _result(self, change: float = np.nan, contested: bool = False) -> Sweep:
        shape = (len(self.step_sizes), len(self.dampings))
        finished = self.outcome.status == FINISHED

        def grid(values: NDArray[Any]) -> NDArray[Any]:
            values = values.reshape(shape[0], len(self.levels))
            return np.broadcast_to(values, shape).copy()

        return Sweep(
            method=self.method,
            step_sizes=self.step_sizes,
            dampings=self.dampings,
            n_steps=self.n_steps,
            first_loss=self.first_loss,
            final_loss=grid(self.outcome.loss),
            status=grid(np.array(STATUSES)[self.outcome.status]),
            steps_taken=grid(self.outcome.taken),
            tied=grid(tied_cells(self.outcome.loss, finished, self.rounding)),
            change_by_rounding=change,
            contested=contested,
        )

    def _doubt(self) -> tuple[float, bool]:
        """`change_by_rounding` and `contested` of the Sweep.

        The best runs are repeated with other digits, and those that depend on them once more.
        """
        step_size, damping, loss = self._result().best()
        if not np.isfinite(loss):
            return np.nan, False
        finished = self.outcome.status == FINISHED
        others = finished & ~tied_cells(self.outcome.loss, finished, self.rounding)
        order = np.argsort(np.where(others, self.outcome.loss, np.inf), kind="stable")
        rivals = order[: min(_RIVALS, int(others.sum()))]
        steps, levels = self._runs(rivals)
        steps = np.append(step_size, steps)
        levels = np.append(damping if METHODS[self.method].damped else 0.0, levels)
        before = np.append(loss, self.outcome.loss[rivals])
        again = ends_otherwise(self._plan, steps, levels, self.n_steps)
        change = relative_change(before, again, self.rounding)
        moved = change > CHAOS
        first = before.copy()
        if moved.any():
            first[moved] = ends(self._plan, steps[moved], levels[moved], self.n_steps)
        change = np.maximum(change, relative_change(before, first, self.rounding))
        # nan, for a run that does not finish, does not count as low.
        lowest = np.fmin(first, again)[1:] - _SPREAD * np.abs(first - again)[1:]
        low = lowest <= loss + TIE * abs(loss) + self.rounding.of(loss)
        return float(change[0]), bool((low & (change[1:] > CHAOS)).any())


def _here() -> bool:
    """Whether joblib would compute everything in this very thread, so work can go in slices."""
    backend, n_jobs = joblib.parallel.get_active_backend()
    local = type(backend).__name__ in ("SequentialBackend", "LokyBackend", "ThreadingBackend")
    return local and backend.effective_n_jobs(1 if n_jobs is None else n_jobs) == 1


def _in_one_thread(work: Steps) -> Steps:
    """`work`, with one BLAS thread in every thread that asks for a slice."""
    one_blas_thread()
    for progress in work:
        yield progress
        one_blas_thread()


_plans: dict[str, Plan] = {}


def _piece(
    i: int,
    key: str,
    problem: Problem,
    method: str,
    theta_0: Array,
    step_size: Array,
    damping: Array,
    n_steps: int,
) -> tuple[int, Outcome]:
    """One piece, in whichever process joblib chose; the plan of the last sweep is cached."""
    chosen = _plans.get(key)
    if chosen is None:
        chosen = plan(problem, method, theta_0)
        _plans.clear()
        _plans[key] = chosen
    outcome = Outcome(len(step_size))
    finish(_in_one_thread(chosen.advance(step_size, damping, n_steps, outcome)))
    return i, outcome
