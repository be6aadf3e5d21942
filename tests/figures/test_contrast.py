"""Contrast of the colours of charts with their background in both themes, as in WCAG 2.1."""

import re
import tomllib
from pathlib import Path

import pytest

from efviz.curvature.matrices import keys_by_short
from efviz.figures import theme
from efviz.optimizers import METHODS
from efviz.optimizers.stochastic import STOCHASTIC_METHODS
from efviz.style import OTHERS

ROOT = Path(__file__).parents[2]
LISTED = {
    **{name: value for name, value in vars(theme).items() if isinstance(value, str)},
    **{one: theme.style_of(one).colour for one in [*METHODS, *STOCHASTIC_METHODS]},
    **{one: theme.style_of_matrix(one).colour for one in keys_by_short()},
    **{f"other {k}": style.colour for k, style in enumerate(OTHERS)},
    **{f"sequential {share:.2f}": colour for share, colour in theme.SEQUENTIAL},
}
COLOURS = {name: value for name, value in LISTED.items() if re.fullmatch("#[0-9a-f]{6}", value)}
FILLS = [colour for scale in (theme.SIGNED,) for _, colour in scale]
"""Colours of cells with numbers in INK."""

SCHEMES = {
    "light": lambda colour: colour,
    "dark": lambda colour: theme.dark_colours().get(colour, colour),
}


def luminance(colour: str) -> float:
    """Relative luminance of sRGB: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio."""
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_formula_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#ffffff") == 1
    # The lightest grey known to have a contrast of 4.5 with white, and the next one.
    assert contrast("#767676", "#ffffff") > 4.5 > contrast("#777777", "#ffffff")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", COLOURS)
def test_colours_contrast_with_the_background(name: str, scheme: str) -> None:
    colour = COLOURS[name]
    if colour == theme.GROUND:
        return
    shown, ground = (SCHEMES[scheme](c) for c in (colour, theme.GROUND))
    if colour in theme.QUIET:
        assert contrast(shown, ground) < 3, "it need not be called quiet"
    else:
        assert contrast(shown, ground) >= (4.5 if colour in theme.TEXT else 3)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("fill", FILLS)
def test_numbers_contrast_with_their_cells(fill: str, scheme: str) -> None:
    assert contrast(*(SCHEMES[scheme](c) for c in (theme.INK, fill))) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_background_is_that_of_the_page(scheme: str) -> None:
    page = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][scheme]
    assert page["backgroundColor"] == SCHEMES[scheme](theme.GROUND)


def test_no_two_methods_share_a_dash() -> None:
    names = ["GD", "NGD", "EFGD", "Newton", "VA", "RMS"]
    dashes = [theme.style_of(name).dash for name in names] + [style.dash for style in OTHERS]
    assert len(dashes) == len(set(dashes))
