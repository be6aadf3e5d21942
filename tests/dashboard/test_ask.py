"""Results that are computed only when a visitor asks for them, and pages without them."""

import numpy as np
import pytest
from visiting import components, html, open_page

from efviz import results
from efviz.dashboard.pages.optimization import page as optimization
from efviz.dashboard.pages.optimization.settings import OptimizationSettings
from efviz.dashboard.session.caches import SHARED
from efviz.dashboard.session.scripts import figure_script
from efviz.datasets.real import Source
from efviz.figures.optimization import grid_panels
from efviz.studies import optimization as studies

SLUG = optimization.SLUG
ASK = "Run all 20,003 cells"
STANDARDISED = OptimizationSettings.of(problem="wine", scaling="standardised")


def cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four cells instead of thousands, and no grids from earlier tests."""
    SHARED.clear()
    monkeypatch.setattr(studies, "STEP_SIZES", np.array([0.01, 0.1]))
    monkeypatch.setattr(studies, "DAMPINGS", np.array([1e-3, 1.0]))


def test_a_grid_is_computed_once_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    cells(monkeypatch)
    at = open_page(SLUG, set="wine", scaling="standardised")
    assert len(components(at, "chart")) == 1
    assert not at.get("progress")
    job = optimization.STUDIES.job("grid_GD", STANDARDISED)
    assert job.progress.fraction == 0
    assert "No grid has been computed" in " ".join(words.value for words in at.markdown)
    at = next(button for button in at.button if button.label == ASK).click().run()
    assert job.done
    assert len(components(at, "chart")) == 2
    assert html(at).count("gives the lowest loss") == 3
    assert ASK not in [button.label for button in at.button]


def test_a_grid_can_be_stopped_and_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    cells(monkeypatch)
    monkeypatch.setattr("efviz.dashboard.session.blocks.work", lambda *how: None)
    with monkeypatch.context() as patch:
        patch.setattr("efviz.dashboard.session.blocks.run_again", lambda: None)
        at = open_page(SLUG, set="wine", scaling="standardised")
        at = next(button for button in at.button if button.label == ASK).click().run()
        assert "0\u202f% of the grids is done" in at.get("progress")[0].proto.text
        at = next(button for button in at.button if button.label == "Stop here").click().run()
    at = at.run()
    assert ASK in [button.label for button in at.button]
    assert optimization.STUDIES.job("grid_GD", STANDARDISED).progress.fraction == 0


def test_everything_leaves_out_results_that_must_be_asked_for() -> None:
    found = optimization.STUDIES.everything(OptimizationSettings.of(problem="wine"))
    assert not {"grid_GD", "grid_NGD", "grid_EFGD"} & vars(found).keys()
    assert found.run_EFGD.losses.shape == (1, 101)


def test_a_shipped_grid_has_no_button() -> None:
    at = open_page(SLUG, set="wine")
    assert len(components(at, "chart")) == 2
    assert ASK not in [button.label for button in at.button]


def test_grids_are_drawn_as_far_as_they_are_known() -> None:
    grid = results.sweep("wine", "NGD")
    cells = dict.fromkeys(("GD", "NGD", "EFGD"), 0.1)
    cell = {"step_sizes": cells, "dampings": cells}
    panels = grid_panels({"NGD": grid}, {}, **cell, shipped_as="wine")
    assert list(panels) == ["NGD"]
    marked = {trace["name"]: trace for trace in panels["NGD"]["data"]}
    assert (marked["printed"]["x"][0], marked["printed"]["y"][0]) == (0.0, -8.5)
    assert marked["current"]["x"][0] == pytest.approx(-1)
    assert "printed" not in [
        t["name"] for t in grid_panels({}, {"NGD": grid}, **cell)["NGD"]["data"]
    ]


def test_the_shipped_grids_of_a_missing_set_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    SHARED.clear()
    monkeypatch.setattr(Source, "found", lambda self: "")
    at = open_page(SLUG, set="wine")
    assert "The data set wine is not available on this server" in at.warning[0].value
    assert len(components(at, "chart")) == 1
    assert html(at).count("gives the lowest loss") == 3
    # The downloaded code does not need the set either.
    settings, chart = OptimizationSettings.of(problem="wine"), optimization.GRIDS
    code = figure_script("Optimization", "grids", optimization.STUDIES, chart.call, settings)
    assert "problem" not in code
    assert "shipped_GD = sweep(name='wine', method='GD')" in code
    SHARED.clear()
