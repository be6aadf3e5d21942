"""Colours, dashes and axes of every figure, in one place.

Figures are drawn in the colours of the light theme; the chart maps each to its counterpart on a
dark background, see `dark_colours`. Matrices and methods have the styles of their declarations.

WCAG 2.1 requires a contrast of 4.5 for text (INK, MUTED, `text_colour`) and of 3 for lines and
marks, in both themes. QUIET colours have less: they only frame or fill what is readable without
them.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from efviz.curvature import CURVATURES
from efviz.curvature.matrices import Curvature, keys_by_short
from efviz.optimizers import METHODS, Method
from efviz.optimizers.stochastic import STOCHASTIC_METHODS, StochasticMethod
from efviz.style import BACKGROUNDS, OTHERS, Style

INK = "#1f2933"
MUTED = "#5f6b76"
ARROW = "#8b95a0"
CONTOUR = "#c9cfd5"
GRID = "#e6e9ec"
GROUND = BACKGROUNDS[0]
BAND = "#dfe3e7"
POINT = "#7b8792"
CLEAR = "rgba(0,0,0,0)"

TEXT = (INK, MUTED)
QUIET = (CONTOUR, GRID, BAND)
"""Contours, frames and bands: axes, marks or numbers show the same information."""

GUIDE = Style(MUTED, "dot", "expected slope")
"""Lines to compare curves with."""

# Below zero, zero, above zero: pale enough on either background for numbers in INK.
SIGNED = [[0.0, "#e3a1ad"], [0.5, GROUND], [1.0, "#9dbbdf"]]
DARK: dict[str, str] = {
    INK: "#e8eaed",
    MUTED: "#a4adb6",
    ARROW: "#77828d",
    CONTOUR: "#444c55",
    GRID: "#2b3139",
    GROUND: BACKGROUNDS[1],
    POINT: "#98a3ae",
    BAND: "#262d35",
    "#e3a1ad": "#7a2f3f",
    "#9dbbdf": "#1f4f86",
    "#0b5f8a": "#2a8fc4",
    "#79b0c9": "#1d5a7c",
    "#e7eef2": "#18222b",
    "#8c510a": "#cf9650",
    "#01746b": "#3fb5a8",
}
"""The dark counterparts of colours that no declaration states."""

Declared = Curvature | Method | StochasticMethod


def style_of(method: str) -> Style:
    """The style of a method, also of one on mini-batches."""
    return _style(method, METHODS if method in METHODS else STOCHASTIC_METHODS)


def style_of_matrix(short: str) -> Style:
    """The style of the matrix with this short name; the same as that of the method it serves."""
    return _style(keys_by_short()[short], CURVATURES)


def _style(name: str, table: Mapping[str, Declared]) -> Style:
    declared = table[name]
    if declared.style:
        return declared.style if declared.style.name else declared.style.named(declared.title)
    place = [other for other, one in table.items() if one.style is None].index(name)
    colour, n = OTHERS[place % len(OTHERS)], len(OTHERS)
    # Once the colours are used up, they come with other dashes.
    return replace(colour, dash=OTHERS[(place + place // n) % n].dash, name=declared.title)


def dark_colours() -> dict[str, str]:
    """By colour, its counterpart on a dark background."""
    tables: tuple[Mapping[str, Declared], ...] = (METHODS, STOCHASTIC_METHODS, CURVATURES)
    declared = (one.style for one in chain(*(table.values() for table in tables)) if one.style)
    styles = [one for one in (*OTHERS, *declared) if one.dark]
    names = dict(one.text for one in styles)
    return names | {one.colour: one.dark for one in styles} | DARK


def text_colour(style: Style) -> str:
    """The colour of a name beside a line of this style: that of the line, darker if it is pale."""
    return style.text[0] if style.dark else style.colour


# cos = -1, 0, 1: brown and teal, which no method has, and the background in between.
COSINES = [[0.0, "#8c510a"], [0.5, GROUND], [1.0, "#01746b"]]
# Low to high in colours of similar brightness, visible on light and dark backgrounds.
# Final loss from low to no better than at the start: from strong to almost the background.
LOW_HIGH = [[0, "#0b5f8a"], [0.5, "#79b0c9"], [1, "#e7eef2"]]
SEQUENTIAL = [[0, "#3b7dbd"], [1 / 3, "#8f6fb8"], [2 / 3, "#c95b84"], [1, "#d47e28"]]


def layout(title: str, subtitle: str = "", **more: Any) -> dict[str, Any]:
    """The common layout of all panels: title at the left, thin axes, no legend."""
    text = f"<b>{title}</b>" + (
        f"  <span style='color:{MUTED}'>{subtitle}</span>" if subtitle else ""
    )
    return {
        "title": {
            "text": text,
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 7},
            "font": {"size": 14, "color": INK},
        },
        "margin": {"l": 34, "r": 6, "t": 32, "b": 38},
        "font": {"size": 12, "color": MUTED},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": GROUND, "font": {"color": INK}, "bordercolor": CONTOUR},
    } | more


def hint(words: str) -> dict[str, str]:
    """An entry of `meta` on the effect of a click; the chart adds it to the title if clickable."""
    return {"hint": f"<span style='color:{MUTED}'>{words}</span>"}


def axis(title: str, limits: tuple[float, float] | None = None, **more: Any) -> dict[str, Any]:
    """An unobtrusive axis: few ticks, a frame line, and the title close to it.

    Numbers are written as in `efviz.numbers`, as far as Plotly can: 1,000, but 2×10⁶ for 2·10⁶.
    """
    size = max(map(abs, limits)) if limits else 1.0
    return {
        "title": {"text": title, "standoff": 2, "font": {"size": 13, "color": INK}},
        "range": list(limits) if limits else None,
        "nticks": 5,
        "separatethousands": True,
        "exponentformat": "none" if 1e-3 <= size < 1e6 else "power",
        "showgrid": False,
        "zeroline": False,
        "showline": True,
        "mirror": True,
        "linecolor": CONTOUR,
        "ticks": "outside",
        "ticklen": 3,
        "tickcolor": CONTOUR,
        "tickfont": {"size": 11, "color": MUTED},
        "fixedrange": False,
    } | more


Spec = dict[str, Any]
"""A panel as {"data": [...], "layout": {...}}, which `go.Figure(spec)` accepts and the chart sends.

A third entry, "numbers", holds named columns of the marks drawn as shapes instead of traces. Only
exported files use it.

Pages use specs directly: making a go.Figure copies and checks every value, which takes longer than
computing it. Tests make figures of all specs.
"""
