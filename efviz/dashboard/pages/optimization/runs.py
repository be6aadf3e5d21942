"""What the Optimization page computes: single runs, cosines along them, sweeps, other starts."""

from dataclasses import asdict, dataclass, fields

import numpy as np

from efviz import results
from efviz.dashboard.session import own_table
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job, result_of
from efviz.dashboard.session.own_table import OWN
from efviz.dashboard.session.params import Values
from efviz.datasets import DATASETS, DataUnavailable
from efviz.datasets.tables import TableError
from efviz.optimizers import Trajectory
from efviz.optimizers.runs import runs
from efviz.problems import Problem
from efviz.problems.catalogue import optimization_problem
from efviz.studies.alignment import FIG_6, Alignment, StepSizes, alignment, step_lengths
from efviz.sweeps import DAMPINGS, STEP_SIZES, Sweep, sweep
from efviz.sweeps.rounding import loss_rounding, relative_change
from efviz.work import Work, part

METHODS = ("GD", "NGD", "EFGD")
N_STEPS = 100
DISTANCES = np.geomspace(1e-3, 1e6, 37)
"""From the minimum, in lengths of theta_star, at which lengths of steps are compared."""


@dataclass(frozen=True)
class Source:
    """Which problem: the key of everything that does not depend on the sliders of a method."""

    problem: str
    scaling: str
    target: str
    regression: str
    positive: str
    table: str

    @classmethod
    def of(cls, values: Values) -> "Source":
        names = [field.name for field in fields(cls) if field.name != "table"]
        return cls(**{name: values[name] for name in names}, table=own_table.digest(values))

    @property
    def shipped(self) -> str:
        """The name under which results are shipped, "" if none are."""
        return self.problem if self.problem != OWN and self.scaling == "raw" else ""


@dataclass(frozen=True)
class RunKey(Source):
    """One run of one method on that problem."""

    method: str
    step_size: float
    damping: float
    multiple: float

    @property
    def source(self) -> Source:
        return Source(**{field.name: getattr(self, field.name) for field in fields(Source)})


def run_keys(values: Values) -> dict[str, RunKey]:
    """The runs that the sliders ask for."""
    source = Source.of(values)
    return {
        method: RunKey(
            **asdict(source),
            method=method,
            step_size=values[f"step_{method}"],
            damping=values.get(f"damping_{method}", 0.0),
            multiple=values["multiple"],
        )
        for method in METHODS
    }


@cached
def problem_of(source: Source) -> Problem:
    """Raises DataUnavailable or TableError, sentences for the visitor."""
    standardised = source.scaling == "standardised"
    if source.problem != OWN:
        if not DATASETS[source.problem].found():
            # Nobody's page waits for a download.
            raise DataUnavailable(
                f"The set {source.problem} is not on this machine. Whoever runs the dashboard can "
                f"fetch it with: python -m efviz data {source.problem}"
            )
        return optimization_problem(source.problem, standardised=standardised)
    made = own_table.whole(source.target, source.regression, source.positive)
    if made.dataset is None:
        raise TableError(made.trouble)
    return optimization_problem(made.dataset, standardised=standardised)


def trouble(source: Source) -> str:
    """Why there is no such problem here, or ""."""
    if source.problem == OWN and own_table.loaded() is None:
        return ""
    try:
        problem_of(source)
    except (DataUnavailable, TableError) as error:
        return str(error)
    return ""


def has_minimum(values: Values) -> bool:
    """Is there a theta_star whose multiples can be starts?"""
    source = Source.of(values)
    known = source.problem != OWN or own_table.loaded() is not None
    return known and not trouble(source) and problem_of(source).minimum.exists


def start_of(problem: Problem, multiple: float) -> np.ndarray:
    """multiple * theta_star; 0, all that there is without a minimum, needs none."""
    if multiple == 0 or not problem.minimum.exists:
        return np.zeros(problem.D)
    return np.asarray(multiple * problem.theta_star)


@cached
def _turned(source: Source) -> Problem:
    return problem_of(source).in_reverse()


def _run(key: RunKey, *, digits: bool = False) -> Work[Trajectory]:
    """The run of `key`, or the same but for its last `digits`."""
    problem = problem_of(key.source)
    start = start_of(problem, key.multiple)[None]
    step = np.array(key.step_size)
    if digits:
        problem, step = _turned(key.source), np.nextafter(step, np.inf)
    work = runs(problem, key.method, start, step_size=step, damping=key.damping, n_steps=N_STEPS)
    return (yield from work)


@cached
def path_job(key: RunKey) -> Job[Trajectory]:
    """One run, in slices: partial trajectories are there to be drawn."""
    return Job(_run(key))


@cached
def rounding_job(key: RunKey) -> Job[float]:
    """By how much, relatively, the last loss of a run changes with its last digits.

    0 where it diverges either way, inf where it diverges one way only.
    """

    def work() -> Work[float]:
        path = yield from part(result_of(path_job(key)), 0, 0)
        again = yield from part(_run(key, digits=True), 0, 1)
        if again.diverged[0] != path.diverged[0]:
            return np.inf
        if path.diverged[0]:
            return 0.0
        rounding = loss_rounding(problem_of(key.source), float(path.first_loss[0]))
        return float(relative_change(path.final_loss, again.final_loss, rounding)[0])

    return Job(work())


@cached
def alignment_job(key: RunKey) -> Job[Alignment]:
    """Cosines along the path of `key`, an EFGD run."""

    def work() -> Work[Alignment]:
        path = yield from part(result_of(path_job(key)), 0, 0)
        thetas = path.thetas[0][np.isfinite(path.thetas[0]).all(axis=-1)]
        return (yield from alignment(problem_of(key.source), thetas, key.damping))

    return Job(work())


@cached
def sweep_job(source: Source, method: str) -> Job[Sweep]:
    """The whole grid of Table 5; results of an own table are kept nowhere but in its session."""

    def work() -> Work[Sweep]:
        problem, cache = problem_of(source), source.problem != OWN
        return (yield from sweep(problem, method, STEP_SIZES, DAMPINGS, cache=cache))

    return Job(work())


def known_sweep(source: Source, method: str) -> Sweep | None:
    """What is shipped, else what has been computed so far."""
    shipped = results.sweep(source.shipped, method) if source.shipped else None
    return shipped or sweep_job(source, method).progress.result


@dataclass(frozen=True, eq=False)
class FarOut:
    """Fig. 6 and section 4.3: runs from multiples of theta_star, and lengths of steps."""

    runs: list[tuple[float, dict[str, Trajectory]]]
    lengths: StepSizes
    lowest: float


@cached
def far_job(source: Source, steps: tuple[float, ...], dampings: tuple[float, ...]) -> Job[FarOut]:
    """`steps` and `dampings` of the methods in the order of METHODS."""

    def work() -> Work[FarOut]:
        problem = problem_of(source)
        found: list[tuple[float, dict[str, Trajectory]]] = []
        total, done = len(FIG_6) * len(METHODS) + 1, 0
        for t in FIG_6:
            paths: dict[str, Trajectory] = {}
            for method, step, damping in zip(METHODS, steps, dampings, strict=True):
                key = RunKey(
                    **asdict(source), method=method, step_size=step, damping=damping, multiple=t
                )
                paths[method] = yield from part(_run(key), done / total, (done + 1) / total)
                done += 1
            found.append((t, paths))
        towards = problem.theta_star / (np.linalg.norm(problem.theta_star) or 1.0)
        scale = float(np.linalg.norm(problem.theta_star)) or 1.0
        sizes = step_lengths(problem, -towards, scale * DISTANCES)
        lengths = yield from part(sizes, done / total, 1)
        return FarOut(found, lengths, float(problem.loss(problem.theta_star)))

    return Job(work())


def selected(source: Source, method: str) -> tuple[float, float] | None:
    """Step size and damping of the best cell that is shipped: the same on every server."""
    found = results.sweep(source.shipped, method) if source.shipped else None
    if found is None:
        return None
    step_size, damping, _ = found.best()
    return (step_size, damping) if np.isfinite(step_size) else None


def printed(source: Source, method: str) -> tuple[float, float] | None:
    """The printed cell of Table 6 in log10; (x, 0) for GD, which has no damping."""
    line = results.line(source.shipped, method) if source.shipped else None
    return (line.printed[0], line.printed[1] or 0.0) if line else None


def data_sets() -> dict[str, str]:
    """The sets on offer, by key: the paper's first."""
    order = sorted(DATASETS, key=lambda name: not DATASETS[name].paper)
    return {name: DATASETS[name].title for name in order}
