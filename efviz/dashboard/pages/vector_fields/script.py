"""The code of the Vector fields page: the library calls that make its panels."""

from collections.abc import Mapping, Sequence

from efviz.arrays import Array
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session.caches import OWN
from efviz.dashboard.session.scripts import arguments, script, the_problem
from efviz.fields import Plane


def vector_fields_script(
    title: str,
    name: str,
    settings: VectorFieldsSettings,
    *,
    methods: Sequence[str],
    plane: Plane,
    starts: Array,
    scales: Mapping[str, float],
    fine: int,
    record: int,
) -> str:
    """`settings` are the page's; the rest is what they come to, and what the page has fixed."""
    x, y = (tuple(map(float, limits)) for limits in (plane.x, plane.y))
    grids = arguments(density=settings.density, fine=fine, damping=settings.damping)
    steps = arguments(damping=settings.damping, n_steps=settings.n_steps, record=record)
    how = arguments(unit_length=settings.lengths == "unit", show_cosines=settings.cosines)
    if settings.editing:
        how += ", editing=True"
    body = f"""
import numpy as np
from efviz.fields import Plane
from efviz.studies.field_comparison import compare_fields
from efviz.work import finish
from efviz.figures.vector_fields import vector_field_panels
from efviz.optimizers import run

methods = {tuple(methods)!r}
plane = Plane({x!r}, {y!r})
starts = np.array({starts.tolist()!r}).reshape(-1, 2)
scales = {dict(scales)!r}
fields = finish(compare_fields(problem, methods, plane, {grids}))
step_size = {settings.step_size!r}
trajectories = {{
    method: run(problem, method, starts, step_size=step_size * scales[method], {steps})
    for method in methods
}}
panels = vector_field_panels(
    dataset,
    problem,
    fields,
    trajectories,
    starts,
    scales=scales,
    {how},
)
"""
    return script(title, name, [the_problem(settings), body], own=settings.problem == OWN)
