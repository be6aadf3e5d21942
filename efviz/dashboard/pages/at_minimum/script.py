"""The code of the page At the minimum: its views, and the distances against N."""

from efviz.dashboard.pages.at_minimum import views as at_minimum_views
from efviz.dashboard.pages.at_minimum.views import (
    POINTS,
    Controls,
    Name,
    Picture,
    aspect,
    cases,
    correct_case,
)
from efviz.dashboard.session.own_table import OWN
from efviz.dashboard.session.problem_choice import entry
from efviz.dashboard.session.scripts import arguments, script, the_problem


def views_script(title: str, name: str, p: Picture, rows: int) -> str:
    """The data and the matrices at the minimum of every view."""
    c = p.views[0].controls
    named = {view.name.title: view.controls for view in p.views}
    moved = [view.name.title for view in p.views if view.controls.editing]
    shown = arguments(aspect=aspect(c)) + (f", editing=title in {moved!r}" if moved else "")
    body = f"""
from efviz.studies.comparison import compare, smooth_loss_grid
from efviz.work import finish
from efviz.figures.at_minimum import ellipse_panel, half_width
from efviz.figures.data_views import data_panel
found = [compare(p, p.theta_star) if p.minimum.exists else None for _, p in views.values()]
half = half_width([c for c in found if c]) if any(found) else 1.0
panels = {{}}
for k, ((title, (dataset, problem)), comparison) in enumerate(zip(views.items(), found)):
    panels[f"{name} {{k}} 0"] = data_panel(dataset, problem, title=title, {shown})
    if comparison:
        loss = finish(smooth_loss_grid(problem, comparison.theta, half, {POINTS}))
        names = problem.parameter_names
        panels[f"{name} {{k}} 1"] = ellipse_panel(comparison, names, half, loss)
"""
    if any(view.comparison is None for view in p.views):
        body += _runaway(name, both=rows == 1)
    parts = [_views(named), body]
    return script(title, name, parts, rows=rows, own=c.problem == OWN)


def _runaway(name: str, both: bool) -> str:
    """The panels of a view without a minimum."""
    lines = f"""
from efviz.studies.runaway import run_off
from efviz.figures.at_minimum import runaway_panel
    else:
        away, names = run_off(problem), problem.parameter_names
        panels[f"{name} {{k}} 1"] = runaway_panel(away.path, names, away.axes, away.loss)
"""
    if not both:
        return lines.lstrip("\n")
    return f"""{lines.strip()}
from efviz.figures.at_minimum import vanishing_panel
        panels[f"{name} {{k}} 2"] = vanishing_panel(away.comparisons)
"""


def _views(named: dict[str, Controls]) -> str:
    """`views`: title -> data set and problem."""
    first, *others = named.values()
    if entry(first.values).family is None:
        head, *rest = named
        lines = f"{the_problem(first.values)}\nviews = {{{head!r}: (dataset, problem)}}\n"
        if not others:
            return lines
        return f"""{lines}
import numpy as np
from dataclasses import replace
from efviz.studies.comparison import redraw
y = redraw(problem, np.random.default_rng({first.seed}))
views[{rest[0]!r}] = replace(dataset, y=y, edited=None), replace(problem, y=y)
"""
    return f"""
from efviz import PROBLEMS
entry = PROBLEMS[{first.problem!r}]
settings = {{{_settings(named)}}}
views = {{}}
for title, (path, strength) in settings.items():
    dataset = entry.dataset(path=path, strength=strength, {arguments(N=first.N, seed=first.seed)})
    views[title] = dataset, entry.problem(dataset)
{_edited(named)}"""


def _edited(named: dict[str, Controls]) -> str:
    """Edits of the views that have some, made in `views`."""
    return "".join(
        f"""from efviz.datasets.edits import edited
dataset = edited(views[{title!r}][0], {c.edits!r})
views[{title!r}] = dataset, entry.problem(dataset)
"""
        for title, c in named.items()
        if c.edits
    )


def _settings(named: dict[str, Controls]) -> str:
    lines = [f"    {title!r}: ({c.path!r}, {c.strength!r}),\n" for title, c in named.items()]
    return "\n" + "".join(lines)


def curves_script(title: str, name: str, c: Controls, p: Picture) -> str:
    """The distances of `cases` against N, with those of the views of `p` marked."""
    still = cases(c)
    named = {view.name.short: view.controls for view in p.views if view.comparison}
    own = [view.name.short for view in p.views if view.controls == c]
    body = f"""
from concurrent.futures import ThreadPoolExecutor
from efviz.studies.comparison import compare
from efviz.studies.convergence import converge, sizes
from efviz.figures.at_minimum import Mark, convergence_panel
from efviz.work import finish
with ThreadPoolExecutor(2) as workers:
    shape = {len(still)}, range({at_minimum_views.SEEDS}), sizes(min(10, largest), largest)
    convergence = finish(converge(sample, *shape, workers))
shown = [
    Mark(name, p.N, compare(p, p.theta_star).distance, own=name in {own!r})
    for name, (_, p) in views.items()
]
panels = {{
    "distance": convergence_panel(
        convergence,
        {[n.short for n in still]!r},
        shown,
        N={p.views[0].N},
        correct={correct_case(c)},
    )
}}
"""
    sample = _subsets(still) if entry(c.values).family is None else _fresh(still)
    return script(title, name, [_views(named), sample, body], own=c.problem == OWN)


def _fresh(still: dict[Name, Controls]) -> str:
    return f"""
largest = {at_minimum_views.LARGEST}
cases = {[(c.path, c.strength) for c in still.values()]!r}


def sample(N, seed):
    draws = entry.family.draws(N, seed)
    for path, strength in cases:
        yield entry.problem(entry.family.sample(N, seed, path, strength, draws=draws))

"""


def _subsets(still: dict[Name, Controls]) -> str:
    redrawn = [c.redrawn for c in still.values()]
    return f"""
import numpy as np
from dataclasses import replace
from efviz.studies.comparison import redraw
table_problem = next(iter(views.values()))[1]
largest = table_problem.N


def sample(N, seed):
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(largest, N, replace=False))
    X = np.ascontiguousarray(table_problem.X[rows])
    for redrawn in {redrawn!r}:
        y = redraw(table_problem, rng) if redrawn else table_problem.y
        yield replace(table_problem, X=X, y=y[rows].copy())

"""
