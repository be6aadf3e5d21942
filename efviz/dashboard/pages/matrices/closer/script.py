"""The code of the charts of "A closer look"."""

from efviz.arrays import Array
from efviz.dashboard.pages.matrices.closer.base import Here
from efviz.dashboard.session.own_table import OWN
from efviz.dashboard.session.scripts import script, the_problem
from efviz.studies.equal_steps import EXAMPLES

FINE = 41
"""Contours below the balls of steepest descent are drawn from so many points a side."""


def split_script(name: str, here: Here, key: str) -> str:
    body = f"""
from efviz.curvature import hessian
from efviz.figures.matrices import sum_panel
from efviz.curvature.splits import SPLITS
split = SPLITS[{key!r}]
ggn, remainder = split.ggn(problem, theta), split.remainder(problem, theta)
H = hessian(problem, theta)
panels = {{"sum": sum_panel(ggn, remainder, H, title="GGN + remainder = H")}}
"""
    return _at_theta(name, here, body)


def bound_script(name: str, here: Here, start: Array, through: Array, n: int, words: str) -> str:
    """Along the ray of n points from `start` through `through`, (2,) each, `words` naming it."""
    (x0, x1), (y0, y1) = (map(float, limits) for limits in (here.plane.x, here.plane.y))
    body = f"""
from efviz.figures.claims import remainder_panel
from efviz.curvature.remainder_bound import ray, remainder_bound
low, high = np.array({[x0, y0]!r}), np.array({[x1, y1]!r})
thetas = ray({start.tolist()!r}, {through.tolist()!r}, low, high, {n})
bound = remainder_bound(problem, thetas, low, high)
panels = {{"bound": remainder_panel(bound, subtitle={words!r})}}
"""
    return _at_theta(name, here, body)


def residuals_script(name: str, here: Here, work: str, logarithmic: bool) -> str:
    """`work` is the call of `studies.residuals` that makes the path, from the minimum or theta."""
    truth = "problem.theta_star" if here.problem.minimum.exists else "theta"
    body = f"""
from efviz.work import finish
from efviz.figures.claims import residual_panel
from efviz.studies.residuals import {", ".join(_called(work))}
truth = {truth}
path = finish({work})
panels = {{"residuals": residual_panel(path, logarithmic={logarithmic})}}
"""
    return _at_theta(name, here, body)


def descent_script(name: str, here: Here, order: str, radii: Array, over: Array) -> str:
    """Balls of `radii`, and the angles to the limit over the radii `over`, in half-widths."""
    x, y = (tuple(map(float, limits)) for limits in (here.plane.x, here.plane.y))
    many = "from efviz.studies.equal_steps import first_examples\nproblem = first_examples(problem)"
    body = f"""
from efviz.studies.equal_steps import in_half_widths, one_by_one, window_around
from efviz.fields import Plane, loss_grid
from efviz.figures.steepest_descent import angle_panel, descent_panel
from efviz.work import finish
plane = Plane({x!r}, {y!r})
radii = {radii.tolist()!r}
window = window_around(problem, theta, {order!r}, plane, radii[0])
balls = finish(one_by_one(problem, theta, {order!r}, plane, radii))
over = np.geomspace({float(over[0])!r}, {float(over[-1])!r}, {len(over)})
angles = finish(one_by_one(problem, theta, {order!r}, plane, over))
angles = [in_half_widths(problem, some, plane) for some in angles]
loss = loss_grid(problem, window, {FINE})
star = {"problem.theta_star" if here.problem.minimum.exists else "None"}
panels = {{
    "balls": descent_panel(balls, problem.parameter_names, window, loss, star),
    "angles": angle_panel(angles, over="radius r"),
}}
"""
    return _at_theta(name, here, (many if here.problem.N > EXAMPLES else "") + body)


def _called(work: str) -> list[str]:
    functions = ("add_parameters", "few_examples", "grow_margins", "shrink_noise")
    return [name for name in functions if f"{name}(" in work]


def _at_theta(name: str, here: Here, body: str) -> str:
    head = f"""
import numpy as np
theta = np.array({here.theta.tolist()!r})
"""
    parts = [the_problem(here.controls.values), head, body]
    return script(here.page, name, parts, own=here.controls.problem == OWN)
