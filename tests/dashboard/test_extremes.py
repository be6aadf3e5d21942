"""Extreme but valid: tables that determine nothing, settings that overflow. Each ends in a picture
or, where no picture is possible, in a sentence that says why."""

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from visiting import (
    WITH_PROBLEM,
    assert_a_picture,
    components,
    html,
    open_page,
    own,
    paste,
    short_distances,
)

LINE = np.linspace(-1, 1, 12)


def csv(*columns: Any) -> str:
    rows = "\n".join(",".join(f"{value:g}" for value in row) for row in zip(*columns, strict=True))
    return f"a,b,target\n{rows}"


TABLES = {
    "all points equal": csv([1] * 9, [2] * 9, [3] * 9),
    "one point": csv([1], [2], [3]),
    "two points": csv([1, 2], [2, 5], [3, 4]),
    "collinear inputs": csv(LINE, 2 * LINE + 1, LINE**2),
    "target is an input": csv(LINE, LINE**2, LINE),
    "constant target": csv(LINE, LINE**2, 0 * LINE + 7),
    "huge values": csv(1e300 * LINE, LINE, 1e300 * LINE**2),
    "tiny values": csv(1e-300 * LINE, LINE, 1e-300 * LINE**2),
    "separable classes": csv(LINE, LINE**2, LINE > 0),
}


@pytest.fixture(autouse=True)
def _short_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    short_distances(monkeypatch, seeds=2)


def said(at: AppTest) -> str:
    kinds = ("error", "warning", "info", "markdown", "caption")
    words = [element.value for kind in kinds for element in getattr(at, kind)]
    return " ".join([*words, html(at)])


@pytest.mark.parametrize("slug", WITH_PROBLEM)
@pytest.mark.parametrize("table", TABLES)
def test_a_degenerate_table_is_a_picture_or_a_sentence(slug: str, table: str) -> None:
    at = paste(open_page(slug, **own(slug)), TABLES[table])
    assert not at.exception
    assert components(at, "chart") or any(e.value for e in [*at.error, *at.warning, *at.info])
    for wrong in ("nan", "inf", "None", "Traceback"):
        assert wrong not in said(at).replace("information", "").replace("infin", "").split()


HARD = {
    "50,000 steps": ({"steps": "50000"}, "4 of 4 with NGD"),
    "50,000 steps of 1e10": ({"steps": "50000", "step": "1e10"}, "diverged at step 1"),
    "50,000 damped steps": ({"steps": "50000", "damping": "1e10"}, "0 of 4 with NGD"),
    "a million examples": ({"n": "1000000", "steps": "50"}, "in 50 steps: 0 of 4 with GD"),
    "all at once": (
        {"n": "100000", "steps": "5000", "step": "1e10", "damping": "0"},
        "0 of 4 with GD, 0 of 4 with NGD, 0 of 4 with EFGD",
    ),
}


@pytest.mark.parametrize("hard", HARD)
def test_hard_work_ends_in_a_picture_and_a_true_sentence(hard: str) -> None:
    query, words = HARD[hard]
    at = open_page(problem="fig1", **query)
    assert_a_picture(at)
    assert words in html(at)
