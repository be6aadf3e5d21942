# The panels with Shiny for Python: `shiny run shiny_app.py`. Shiny Express would show a docstring.
#
# Shiny sends the value of a slider once it has stood still for a quarter of a second. The figures
# are drawn by shiny-plotly, which redraws them in place; shinywidgets, the usual choice, makes of
# each figure a new widget with a copy of Plotly.js of its own, which takes seconds.

from panels import HIGH, LOW, STEP, panels
from shiny.express import input, ui
from shiny_plotly import render_plotly

ui.page_opts(full_width=True)
ui.input_slider("log_damping", "log₁₀ λ", LOW, HIGH, LOW, step=STEP, width="100%")

with ui.layout_columns():

    @render_plotly
    def data():
        return panels(LOW)["Data"]

    @render_plotly
    def gd():
        return panels(input.log_damping())["GD"]

    @render_plotly
    def ngd():
        return panels(input.log_damping())["NGD"]

    @render_plotly
    def efgd():
        return panels(input.log_damping())["EFGD"]
