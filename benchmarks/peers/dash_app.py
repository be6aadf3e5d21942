"""The panels with Dash and a callback on the server: `python dash_app.py`, at the port PORT."""

from dash import Dash, Input, Output, callback, dcc, html
from panels import HIGH, LOW, METHODS, STEP, panels

app = Dash()
app.layout = html.Div(
    [
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


@callback([Output(method, "figure") for method in METHODS], Input("log-damping", "value"))
def draw(log_damping):
    figures = panels(log_damping)
    return [figures[method] for method in METHODS]


if __name__ == "__main__":
    app.run()
