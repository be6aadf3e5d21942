"""The four panels of efviz's page Vector fields at its defaults, as ordinary Plotly figures.

Every app in this folder shows them below one slider over log10 of the damping, from LOW to HIGH.
They come from the functions of the library that the page calls, with the same arguments; the apps
differ only in how a figure reaches the browser. At every stop of the slider another picture is
drawn, while at much smaller and larger dampings all pictures look alike.
"""

from functools import lru_cache

import plotly.graph_objects as go

from efviz import PROBLEMS
from efviz.figures.player import field_panels
from efviz.figures.theme import Spec
from efviz.studies.field_comparison import compare_fields
from efviz.studies.plane import plane_shown
from efviz.studies.vector_fields import relative_scales, start_points, trajectories
from efviz.work import finish

METHODS = ("GD", "NGD", "EFGD")
LOW, HIGH, STEP = -4.0, 5.0, 0.05
STOPS = round((HIGH - LOW) / STEP) + 1

_figure_1 = PROBLEMS["fig1"]
_home = _figure_1.settings
_data = _figure_1.dataset()
_problem = _figure_1.problem(_data)
_plane = plane_shown(_problem, _home)
_theta_0 = start_points(_plane, _home)


@lru_cache(maxsize=256)
def panels(log_damping: float) -> dict[str, go.Figure]:
    """The panels by title at the damping 10**log_damping: Data, which stays, and the METHODS.

    They are kept, as efviz keeps them, so that a stop is computed once.
    """
    damping = 10**log_damping
    fields = finish(compare_fields(_problem, METHODS, _plane, density=15, fine=31, damping=damping))
    scales = relative_scales(fields, _home.scales)
    runs = trajectories(
        _problem,
        METHODS,
        _theta_0,
        scales,
        step_size=_home.step_size,
        damping=damping,
        n_steps=_home.n_steps,
        record=160,
    )
    specs = field_panels(_data, _problem, fields, finish(runs), _theta_0, scales)
    return {title: _figure(spec) for title, spec in specs.items()}


def _figure(spec: Spec) -> go.Figure:
    """The panel without what only efviz's own chart reads, and in the height of its chart."""
    layout = {key: value for key, value in spec["layout"].items() if key != "meta"}
    figure = go.Figure({"data": spec["data"], "layout": layout})
    return figure.update_layout(height=330, template="none")
