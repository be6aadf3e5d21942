"""The style of a matrix or method: how it is drawn wherever it is drawn."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """A line in figures: its `colour` on a light background and `dark` on a dark one, "#rrggbb".

    `dash` is one of Plotly's names; `name` says in figures what the line shows. Lines need a
    contrast of 3 with their background (WCAG 2.1), and dashes of their own, as colours alone tell
    nothing to many readers.
    """

    colour: str
    dash: str = "solid"
    name: str = ""
    dark: str = ""

    def named(self, name: str) -> "Style":
        return Style(self.colour, self.dash, name, self.dark)


# Paul Tol's high-contrast scheme, on a dark background the light half of his medium-contrast
# scheme. His yellow has a contrast of 2.1 with white, so AMBER is darker. Green and purple are
# those of his bright scheme, darkened.
BLUE = Style("#004488", "dash", dark="#6699cc")
AMBER = Style("#b98a1e", "solid", dark="#ddaa33")
RED = Style("#bb5566", "dashdot", dark="#ee99aa")
SLATE = Style("#5f6b76", "dot", dark="#a4adb6")
GREEN = Style("#117733", "longdash", dark="#66bb88")
PURPLE = Style("#7f5a9e", "longdashdot", dark="#b99ad6")
BLACK = Style("#1f2933", "dash", dark="#e8eaed")

OTHERS = (
    Style("#00788a", "5px,2px", dark="#4fc3d4"),
    Style("#b3540a", "9px,3px,2px,3px", dark="#f0a060"),
    Style("#a0268a", "2px,4px", dark="#e38fd3"),
    Style("#5a7000", "14px,4px", dark="#b5cc55"),
    Style("#7a4a2b", "12px,3px,2px,3px,2px,3px", dark="#cfa383"),
)
"""The styles of declarations that state none, in the order of their tables."""
