"""The group Preconditioner of two pages: what it changes in the picture, and what it says."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose
from visiting import components, open_page, sentence, settings_of

from efviz.arrays import cosine
from efviz.curvature import fisher
from efviz.dashboard.pages.optimization import page as optimization
from efviz.dashboard.pages.optimization.settings import OptimizationSettings
from efviz.dashboard.pages.optimization.words import GRIDS_AS_PUBLISHED
from efviz.dashboard.pages.vector_fields import words
from efviz.dashboard.pages.vector_fields.page import CHART, STUDIES
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session.page import View
from efviz.optimizers import direction
from efviz.optimizers.methods import STRUCTURES, varied
from efviz.problems.catalogue import optimization_problem


def found(**settings):
    return STUDIES.everything(VectorFieldsSettings.of(**settings))


def panels(**settings):
    from efviz.dashboard.pages.vector_fields.page import PAGE

    chosen = VectorFieldsSettings.of(**settings)
    STUDIES.everything(chosen)
    return View(PAGE, chosen).call(CHART.call)


def test_the_group_stands_in_the_link_and_nothing_of_it_on_the_first_screen() -> None:
    at = open_page(power="0.5", structure="diagonal", relative="1", unit="0.01", metric="Fisher")
    assert not at.exception
    assert not at.warning
    now = settings_of(at)
    assert (now.exponent, now.structure, now.relative) == (0.5, "diagonal", True)
    assert (now.units, now.metric) == ((1.0, 0.01), "Fisher")
    assert any("Preconditioner" in box.label for box in at.expander)
    assert not [one for one in components(at, "slider") if "Exponent" in str(one)]
    assert "Measured by the Fisher" in sentence(at)
    assert VectorFieldsSettings.of().units == ()


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_arrows_and_runs_are_those_of_the_varied_methods(structure: str, exponent: float) -> None:
    way = {"exponent": exponent, "structure": structure, "relative": True}
    one = found(unit=0.1, n_steps=10, **way)
    methods = varied(["GD", "NGD", "EFGD"], units=(1.0, 0.1), **way)
    for name, method in methods.items():
        expected = -direction(one.problem, method, one.fields.tails, damping=1e-8).x
        assert_allclose(one.fields.vectors[name], expected, rtol=1e-9)
        path, step = one.paths[name].thetas, 1e-3 * one.scales[name]
        first = direction(one.problem, method, path[:, 0], damping=1e-8).x
        assert_allclose(path[:, 1], path[:, 0] - step * first, rtol=1e-9)


@pytest.mark.parametrize(
    ("settings", "mean"),
    [
        # Means over the plane of Fig. 1 on a grid of 24 x 24, which the page has as 31 x 31.
        ({"metric": "Fisher", "exponent": 0.0}, 0.897),
        ({"metric": "Fisher", "exponent": 1 / 3}, 0.919),
        ({"metric": "Fisher"}, 0.756),
    ],
)
def test_the_mean_cosine_measured_by_the_fisher_is_that_given(settings, mean: float) -> None:
    assert found(**settings).fields.mean_cosine == pytest.approx(mean, abs=0.0025)


def test_cosines_are_those_with_the_natural_gradient_in_the_chosen_units() -> None:
    for metric in ("Euclidean", "Fisher"):
        one = found(unit=0.01, exponent=0.5, metric=metric, damping=0.0)
        x, y = np.meshgrid(one.fields.x, one.fields.y)
        theta, units = np.stack([x, y], axis=-1), np.array([1.0, 0.01])
        natural = direction(one.problem, "NGD", theta).x
        method = varied(["EFGD"], exponent=0.5, units=(1.0, 0.01))["EFGD"]
        other = direction(one.problem, method, theta).x
        if metric == "Fisher":
            expected = cosine(natural, other, fisher(one.problem, theta))
        else:
            expected = cosine(units * natural, units * other)
        known = np.isfinite(one.fields.cosines)
        assert known.mean() > 0.99
        assert_allclose(one.fields.cosines[known], expected[known], atol=1e-9)


def test_other_units_leave_the_full_inverse_alone_but_not_its_euclidean_angles() -> None:
    plain, other = found(damping=0.0), found(damping=0.0, unit=0.01)
    for name in ("NGD", "EFGD"):
        assert_allclose(plain.fields.vectors[name], other.fields.vectors[name], rtol=1e-6)
    assert np.abs(plain.fields.vectors["GD"] - other.fields.vectors["GD"]).max() > 1
    assert plain.fields.negative_share != pytest.approx(other.fields.negative_share, abs=0.01)
    shares = [found(damping=0.0, unit=u, metric="Fisher").fields.mean_cosine for u in (1.0, 0.01)]
    assert shares[0] == pytest.approx(shares[1], rel=1e-6)


def test_titles_say_how_the_matrices_are_used() -> None:
    shown = panels(exponent=0.5, structure="diagonal")
    titles = {name: panel["layout"]["title"]["text"] for name, panel in shown.items()}
    assert "p = 0.5, diagonal" in titles["NGD"]
    assert "p = 0.5, diagonal" in titles["EFGD"]
    assert "gradient descent" in titles["GD"]
    assert "natural gradient" in panels()["NGD"]["layout"]["title"]["text"]


def said(**settings) -> str:
    now = VectorFieldsSettings.of(**settings)
    way = {"exponent": now.exponent, "structure": now.structure, "unit": now.unit}
    return re.sub("<[^>]*>", "", words.preconditioner(found(**settings).fields, **way))


def test_the_words_say_what_follows_from_the_exponent() -> None:
    root = said(exponent=0.5)
    assert "by 3.16 with NGD and 1 with EFGD" in root
    longest = np.linalg.norm(found(exponent=0.5).fields.vectors["EFGD"], axis=-1).max()
    assert f"the longest update here is {longest:.3g}" in root
    assert longest < 1
    assert "none is the best" in root
    inverse = said()
    assert "by 1 with NGD and 0.1 with EFGD" in inverse
    assert "ignores the unit of x" in inverse
    assert "longer than 1" not in inverse
    assert "ignores the unit of x" not in said(structure="diagonal")


@pytest.mark.parametrize("structure", STRUCTURES)
def test_runs_on_whole_tables_take_the_varied_steps(structure: str) -> None:
    way = {"exponent": 0.5, "structure": structure, "relative": True}
    steps = {"step_NGD": 1e-4, "step_EFGD": 1e-4}
    settings = OptimizationSettings.of(problem="wine", methods=("NGD", "EFGD"), **steps, **way)
    assert settings.varied
    one = optimization.STUDIES.everything(settings)
    problem = optimization_problem("wine")
    for name, method in varied(["NGD", "EFGD"], **way).items():
        step, damping = settings.step_sizes[name], settings.dampings[name]
        theta = np.zeros(problem.D)
        path = getattr(one, f"run_{name}").thetas[0]
        for t in range(1, 4):
            theta = theta - step * direction(problem, method, theta, damping=damping).x
            assert_allclose(path[t], theta, rtol=1e-7, atol=1e-12)


def test_the_grids_are_said_to_be_those_of_the_inverse() -> None:
    at = open_page(optimization.SLUG, set="wine", power="0.5")
    assert not at.exception
    assert GRIDS_AS_PUBLISHED in [one.value for one in at.caption]
    at = open_page(optimization.SLUG, set="wine")
    assert GRIDS_AS_PUBLISHED not in [one.value for one in at.caption]
