"""The style of a matrix or method: how it is drawn wherever it is drawn."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

BACKGROUNDS = ("#ffffff", "#0f1318")
"""Those of the light and the dark theme."""

DASHES = ("solid", "dot", "dash", "longdash", "dashdot", "longdashdot")


@dataclass(frozen=True)
class Style:
    """A line in figures: its `colour` on a light background and `dark` on a dark one, "#rrggbb".

    `dash` is one of Plotly's: a name, or lengths as in "5px,2px"; `name` says in figures what the
    line shows. Lines need a contrast of 3 with their background (WCAG 2.1), and dashes of their
    own, as colours alone tell nothing to many readers.
    """

    colour: str
    dash: str = "solid"
    name: str = ""
    dark: str = ""

    def named(self, name: str) -> "Style":
        return Style(self.colour, self.dash, name, self.dark)

    @property
    def text(self) -> tuple[str, str]:
        """Its name's colours on light and dark: those of the line, or legible shades of them."""
        light, dark = (
            legible(colour, ground)
            for colour, ground in zip((self.colour, self.dark), BACKGROUNDS, strict=True)
        )
        # Every colour has one counterpart on a dark background.
        if light == self.colour and dark != self.dark:
            light = _mixed(light, "#000000", 1 / _SHADES)
        return light, dark

    def complaints(self) -> Iterator[str]:
        """Sentences on what makes the style unreadable."""
        if self.dash not in DASHES and not re.fullmatch(r"\d+px(,\d+px)*", self.dash):
            yield (
                f"The dash {self.dash!r} is neither one of {', '.join(DASHES)} nor lengths as in "
                "'5px,2px'."
            )
        for colour, ground in zip((self.colour, self.dark), BACKGROUNDS, strict=True):
            if not re.fullmatch("#[0-9a-f]{6}", colour):
                yield f"The colour {colour!r} is not of the form '#1f77b4', in lower case."
            elif contrast(colour, ground) < 3:
                yield (
                    f"The colour {colour} has a contrast of {contrast(colour, ground):.2g} with "
                    f"the background {ground}; a line needs 3."
                )


TEXT_CONTRAST = 4.5
"""What text needs (WCAG 2.1)."""

_SHADES = 32


def legible(colour: str, ground: str) -> str:
    """The shade of a colour with TEXT_CONTRAST on this ground that is nearest to it.

    Shades are mixtures with black on a light ground, with white on a dark one.
    """
    end = max(("#000000", "#ffffff"), key=lambda end: contrast(end, ground))
    shades = (_mixed(colour, end, k / _SHADES) for k in range(_SHADES + 1))
    return next(shade for shade in shades if contrast(shade, ground) >= TEXT_CONTRAST)


def _mixed(first: str, second: str, share: float) -> str:
    pairs = [(int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in pairs)


def contrast(first: str, second: str) -> float:
    """The contrast of two colours: https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio."""
    low, high = sorted(map(_luminance, (first, second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


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
