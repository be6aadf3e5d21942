"""The code of the Gradient noise page: the clouds and errors at theta, and the stochastic runs."""

from efviz.dashboard.pages.gradient_noise.views import (
    CLOUD,
    CLOUD_EXAMPLES,
    RECORDED,
    Controls,
    Picture,
    run_settings,
)
from efviz.dashboard.session.own_table import OWN
from efviz.dashboard.session.scripts import arguments, script, the_problem
from efviz.dashboard.session.theta_choice import FINE


def gradient_noise_script(title: str, name: str, c: Controls, p: Picture, *, editing: bool) -> str:
    x, y = (tuple(map(float, limits)) for limits in (p.plane.x, p.plane.y))
    head = f"""
import numpy as np
from efviz.fields import Plane
from efviz.curvature.gradient_noise import gradient_noise
from efviz.optimizers import directions
plane = Plane({x!r}, {y!r})
theta = np.array({p.theta.tolist()!r})
damping, batch_size, replacement = {c.damping!r}, {c.batch_size}, {c.replacement}

noise = gradient_noise(problem, theta)
g = noise.gradient
found = directions(problem, ("EFGD", "NGD", "GD"), theta, damping=damping)
arrows = {{name: -solved.x for name, solved in found.items()}}
loss = problem.loss(plane.grid({FINE}))
"""
    parts = [the_problem(c.values), head, _clouds(c), _runs(c, p), _panels(p)]
    if editing or c.edits:
        parts.append(_data(editing))
    return script(title, name, parts, own=c.problem == OWN)


def _clouds(c: Controls) -> str:
    shown = int(min(max(CLOUD_EXAMPLES // c.batch_size, 10), CLOUD))
    return f"""
from numpy.random import RandomState
from efviz.curvature.gradient_noise import batch_factor, batch_sizes
from efviz.curvature.gradient_noise import expected_errors, minibatch_cloud
minibatches = minibatch_cloud(
    problem, theta, RandomState({c.seed}), batch_size=batch_size, n={shown}, replacement=replacement
)
factor = float(batch_factor(problem.N, batch_size, replacement=replacement))
sizes = batch_sizes(problem.N)
errors = expected_errors(noise, sizes, replacement=replacement, damping=damping)
"""


def _runs(c: Controls, p: Picture) -> str:
    step_size, scales = run_settings(c, p.problem, p.theta)
    how = arguments(step_size=step_size, n_steps=c.n_steps)
    return f"""
from efviz.optimizers.stochastic import stochastic_runs
from efviz.work import finish
n_steps = {c.n_steps}
runs = stochastic_runs(
    problem,
    theta,
    batch_size=batch_size,
    {how},
    seeds=range({c.seeds}),
    scales={scales!r},
    damping=damping,
    replacement=replacement,
    record=np.unique(np.linspace(0, n_steps, {RECORDED + 1}).round().astype(int)).tolist(),
)
result = finish(runs)
"""


def _data(editing: bool) -> str:
    more = ", editing=True" if editing else ""
    return f"""
from efviz.figures.data_views import data_panel
panels["data"] = data_panel(dataset, problem{more})
"""


def _panels(p: Picture) -> str:
    if p.problem.minimum.exists:
        lowest = "lowest = above = float(problem.loss(problem.theta_star))"
        star = "problem.theta_star"
    else:
        # The least loss seen, where losses may be below 0.
        lowest = """lowest = None
above = min(0.0, float(np.nanmin(np.concatenate([v.ravel() for v in result.losses.values()]))))"""
        star = "None"
    return f"""
from efviz.figures.gradient_noise import cloud_panel, error_panel, runs_panel, theta_panel
{lowest}
names = problem.parameter_names
gradients = problem.per_example_gradients(theta)
panels = {{
    "theta": theta_panel(plane, loss, lowest, theta, {star}, arrows, names),
    "gradients": cloud_panel(noise, gradients, minibatches, factor, batch_size, names),
    "errors": error_panel(sizes, errors, batch_size, float(g @ g)),
    "runs": runs_panel(result, above, n_steps * batch_size),
}}
"""
