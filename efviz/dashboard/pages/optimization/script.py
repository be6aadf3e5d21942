"""The code of the Optimization page: its runs, its grids, and its other starts."""

from collections.abc import Sequence

from efviz.dashboard.pages.optimization.runs import (
    DISTANCES,
    METHODS,
    N_STEPS,
    RunKey,
    Source,
    problem_of,
)
from efviz.dashboard.session.caches import OWN
from efviz.dashboard.session.given import table
from efviz.dashboard.session.scripts import arguments, script


def _problem(source: Source) -> str:
    standardised = source.scaling == "standardised"
    if source.problem != OWN:
        what, lines = repr(source.problem), ""
    else:
        given = arguments(
            target=source.target, regression=source.regression, positive=source.positive
        )
        lines = f"""
{table()}
from efviz.problems.own import whole_dataset
dataset, _ = whole_dataset(table, {given})
"""
        what = "dataset"
    return f"""{lines}
from efviz.problems.catalogue import optimization_problem
problem = optimization_problem({what}, standardised={standardised})
"""


def runs_script(title: str, name: str, keys: dict[str, RunKey]) -> str:
    """One run of each method, and the cosines along that of EFGD."""
    key = next(iter(keys.values()))
    minimum = problem_of(key.source).minimum.exists
    start = f"{key.multiple!r} * problem.theta_star"
    if key.multiple == 0 or not minimum:
        start = "np.zeros(problem.D)"
    lowest = "float(problem.loss(problem.theta_star))" if minimum else "np.nan"
    body = f"""
import numpy as np
from efviz.studies.alignment import alignment
from efviz.work import finish
from efviz.figures.optimization import cosine_panel, loss_panel
from efviz.optimizers import run
start = {start}
settings = {_settings(keys)}
paths = {{
    method: run(problem, method, start[None], {_how("step_size", "damping")})
    for method, (step_size, damping) in settings.items()
}}
thetas = paths["EFGD"].thetas[0]
thetas = thetas[np.isfinite(thetas).all(axis=-1)]
damping = settings["EFGD"][1]
cosines = finish(alignment(problem, thetas, damping))
panels = {{
    "loss": loss_panel(paths, lowest={lowest}),
    "cosine": cosine_panel(cosines, damping),
}}
"""
    return script(title, name, [_problem(key.source), body], own=key.problem == OWN)


def _settings(keys: dict[str, RunKey]) -> str:
    return repr({method: (key.step_size, key.damping) for method, key in keys.items()})


def _how(step_size: str, damping: str) -> str:
    return f"step_size={step_size}, damping={damping}, n_steps={N_STEPS}"


def grids_script(
    title: str,
    name: str,
    source: Source,
    current: dict[str, tuple[float, float]],
    printed: dict[str, tuple[float, float] | None],
) -> str:
    """The final loss for every step size and damping; `current` are the cells that are marked."""
    if source.shipped:
        head = f"""
from efviz.results import sweep
sweeps = {{method: sweep({source.shipped!r}, method) for method in current}}
"""
    else:
        head = f"""{_problem(source)}
from efviz.sweeps import DAMPINGS, STEP_SIZES, grid_search
sweeps = {{method: grid_search(problem, method, STEP_SIZES, DAMPINGS) for method in current}}
"""
    body = """
from efviz.figures.optimization import sweep_panel
panels = {
    method: sweep_panel(
        method, found, current=current[method], printed=printed[method], still=""
    )
    for method, found in sweeps.items()
}
"""
    marks = f"current = {current!r}\nprinted = {printed!r}"
    return script(title, name, [marks, head, body], own=source.problem == OWN)


def starts_script(
    title: str, name: str, source: Source, steps: Sequence[float], dampings: Sequence[float]
) -> str:
    """Runs from multiples of theta_star, and lengths of steps far from it."""
    settings = {m: (s, d) for m, s, d in zip(METHODS, steps, dampings, strict=True)}
    first, last, n = float(DISTANCES[0]), float(DISTANCES[-1]), len(DISTANCES)
    body = f"""
import numpy as np
from efviz.studies.alignment import FIG_6, step_lengths
from efviz.work import finish
from efviz.figures.optimization import lengths_panel, start_panels
from efviz.optimizers import run
settings = {settings!r}
starts = {{multiple: multiple * problem.theta_star for multiple in FIG_6}}
runs = [
    (
        multiple,
        {{
            method: run(problem, method, start[None], {_how("step_size", "damping")})
            for method, (step_size, damping) in settings.items()
        }},
    )
    for multiple, start in starts.items()
]
scale = float(np.linalg.norm(problem.theta_star)) or 1.0
distances = np.geomspace({first!r}, {last!r}, {n})
lengths = finish(step_lengths(problem, -problem.theta_star / scale, scale * distances))
panels = start_panels(runs, float(problem.loss(problem.theta_star)))
panels["lengths"] = lengths_panel(lengths)
"""
    return script(title, name, [_problem(source), body], own=source.problem == OWN)
