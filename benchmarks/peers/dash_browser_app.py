"""The panels with Dash and a callback in the browser: `python dash_browser_app.py`, at port PORT.

The numbers of all stops, 13 MB, are computed before the server starts and sent with the page, so
that no move needs the server. That is possible because this app has one slider with known stops:
two such sliders would need the pictures of all pairs of their stops.
"""

from dash import Dash, Input, Output, State, clientside_callback, dcc, html
from panels import HIGH, LOW, METHODS, STEP, STOPS, panels


def moving(method, log_damping):
    """What the damping changes in a panel: its arrows, and where its trajectories run."""
    figure = panels(log_damping)[method]
    (trajectories,) = figure.select_traces({"name": method})
    arrows = figure.layout.shapes[0].path
    return {"arrows": arrows, "x": trajectories.x.round(4), "y": trajectories.y.round(4)}


stops = [[moving(method, LOW + STEP * i) for method in METHODS] for i in range(STOPS)]

app = Dash()
app.layout = html.Div(
    [
        dcc.Store(id="stops", data=stops),
        html.Label("log₁₀ λ"),
        dcc.Slider(LOW, HIGH, STEP, value=LOW, marks=None, updatemode="drag", id="log-damping"),
        html.Div(
            [
                dcc.Graph(id=title, figure=figure, style={"flex": 1})
                for title, figure in panels(LOW).items()
            ],
            style={"display": "flex"},
        ),
    ]
)

clientside_callback(
    f"(value, stops, ...figures) => stops[Math.round((value - {LOW}) / {STEP})]"
    """.map(({ arrows, x, y }, i) => {
      const { data, layout } = figures[i];
      const [contours, trajectories, ...marks] = data;
      return {
        data: [contours, { ...trajectories, x, y }, ...marks],
        layout: { ...layout, shapes: [{ ...layout.shapes[0], path: arrows }] },
      };
    })""",
    [Output(method, "figure") for method in METHODS],
    Input("log-damping", "value"),
    State("stops", "data"),
    [State(method, "figure") for method in METHODS],
)

if __name__ == "__main__":
    app.run()
