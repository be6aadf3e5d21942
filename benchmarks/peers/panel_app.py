"""The panels with Panel: `panel serve panel_app.py`.

Panel rather than a plain Bokeh server, because only Panel shows Plotly figures. `slider.value`
follows the mouse; `slider.value_throttled` would wait until it is released.
"""

import panel as pn
from panels import HIGH, LOW, METHODS, STEP, panels

pn.extension("plotly")
slider = pn.widgets.FloatSlider(
    name="log₁₀ λ", start=LOW, end=HIGH, step=STEP, value=LOW, sizing_mode="stretch_width"
)
panes = {
    title: pn.pane.Plotly(figure, sizing_mode="stretch_width")
    for title, figure in panels(LOW).items()
}


@pn.depends(slider, watch=True)
def draw(log_damping):
    figures = panels(log_damping)
    with pn.io.hold():
        for method in METHODS:
            panes[method].object = figures[method]


pn.Column(slider, pn.Row(*panes.values()), sizing_mode="stretch_width").servable()
