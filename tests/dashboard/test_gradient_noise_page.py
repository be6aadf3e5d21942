"""The page Gradient noise: its numbers are those of the library, its words follow from them."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from streamlit.testing.v1 import AppTest
from visiting import (
    SEPARABLE,
    change_settings,
    components,
    held,
    html,
    open_page,
    paste,
    sentence,
    settings_of,
)

from efviz import PROBLEMS
from efviz.curvature.gradient_noise import (
    ESTIMATORS,
    GradientNoise,
    expected_errors,
    gradient_noise,
)
from efviz.dashboard.components import Click
from efviz.dashboard.pages.gradient_noise import page as the_page
from efviz.dashboard.pages.gradient_noise import words as text
from efviz.dashboard.pages.gradient_noise.settings import GradientNoiseSettings
from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.theta_choice import move
from efviz.figures.gradient_noise import (
    ERRORS,
    cloud_panel,
    error_panel,
    frame_of,
    moment_ellipse,
    runs_panel,
    theta_panel,
)
from efviz.figures.theme import style_of
from efviz.numbers import number, percent
from efviz.optimizers.stochastic import STOCHASTIC_METHODS, StochasticResult
from efviz.studies.gradient_noise import NoisyRuns

SLUG = the_page.SLUG
HELD = f"{SLUG}.held"


def page(**query: str) -> AppTest:
    at = open_page(SLUG, **({"steps": "40"} | query))
    assert not at.exception
    assert len(components(at, "chart")) == 1
    return at


def settings(**chosen: Any) -> GradientNoiseSettings:
    return GradientNoiseSettings.of(**{"n_steps": 40} | chosen)


def picture(**chosen: Any) -> SimpleNamespace:
    """All results of the page."""
    return the_page.STUDIES.everything(settings(**chosen))


def runs(**chosen: Any) -> NoisyRuns:
    found: NoisyRuns = the_page.STUDIES.now("runs", settings(**chosen))
    return found


def said(p: SimpleNamespace, batch_size: int = 16) -> str:
    return text.sentence(p.problem, p.noise, p.fisher, p.directions, p.factor, p.errors, batch_size)


def ends(runs: NoisyRuns) -> str:
    return text.runs_table(runs, dict.fromkeys(runs.result.losses, 1.0))


@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_problem_opens(problem: str) -> None:
    at = page(problem=problem)
    words = sentence(at)
    assert "of the trace of EF is noise" in words
    assert words.count("<p><b>") == 3, "three numbers"
    assert "after 40 steps" in html(at)
    assert "nan" not in html(at)


EXTREMES: dict[str, dict[str, str]] = {
    "ten examples": {"n": "10"},
    "many examples": {"n": "300000", "steps": "10"},
    "one example": {"batch": "1"},
    "all examples": {"batch": "1000", "draw": "without"},
    "large step": {"step": "1e6"},
    "small step": {"step": "1e-6"},
    "no damping": {"damping": "0"},
    "large damping": {"damping": "1e10"},
    "far out": {"theta": "1e9,-1e9"},
    "one seed": {"runs": "1", "steps": "10"},
    "large scales": {"ef": "1e9", "rms": "1e9"},
    "exact fit": {"s": "-1", "damping": "0"},
}


@pytest.mark.parametrize("problem", ["fig1", "fig2", "poisson", "saturation"])
@pytest.mark.parametrize("extreme", EXTREMES)
def test_extreme_settings_end_in_a_picture(problem: str, extreme: str) -> None:
    query = {"problem": problem} | EXTREMES[extreme]
    if extreme == "many examples" and problem != "fig1":
        query["n"] = "20000"
    at = page(**query)
    assert "nan" not in html(at)
    assert sentence(at)


def test_a_table_without_a_minimum_shows_the_loss_itself() -> None:
    at = paste(open_page(SLUG, problem="own", steps="40"), SEPARABLE)
    assert not at.exception
    assert "no finite minimum" in sentence(at)
    assert "Median losses after 40 steps, lowest first" in html(at)


def test_at_the_minimum_everything_is_noise() -> None:
    theta = picture().problem.theta_star
    at = page(theta=",".join(f"{t:.17g}" for t in theta))
    assert "<b>100\u202f%</b> of the trace of EF is noise" in sentence(at)


def test_an_exact_fit_has_no_gradients() -> None:
    at = page(problem="fig4", s="-1", theta="1,1")
    assert "Every example is fitted exactly" in sentence(at)


def test_gradients_that_overflow_are_named() -> None:
    at = page(problem="poisson", theta="1e9,1e9")
    assert "overflow double precision" in sentence(at)


def test_fewer_examples_than_a_mini_batch_make_it_smaller() -> None:
    at = page(n="50", batch="200")
    assert settings_of(at, SLUG).batch_size == 50
    assert plain('Batch size B "200" in the link lies outside 1 to 50') in at.warning[0].value
    at = page(batch="200")
    change_settings(at, SLUG, N=20)
    at.run()
    assert not at.exception
    assert settings_of(at, SLUG).batch_size == 20


def test_junk_in_a_link_gets_a_warning_and_a_picture() -> None:
    at = page(theta="1", batch="x", draw="again", runs="1000")
    assert len(at.warning) == 4


def test_runs_of_another_problem_are_not_shown() -> None:
    """The previous runs stay until new ones have begun, but only those of the same problem."""
    at = page()
    assert at.session_state[HELD]["runs"][0] == "fig1"
    change_settings(at, SLUG, problem="fig4")
    at.run()
    assert not at.exception
    assert at.session_state[HELD]["runs"][0] == "fig4"
    assert "after 40 steps" in html(at)


def test_clicks_choose_theta_and_the_batch_size() -> None:
    shown, p = held(GradientNoiseSettings.of(), plane=picture().plane), picture()
    the_page.clicked(shown, Click(0, 1.23456, -0.5))
    assert shown.store.settings.theta == ((1.235, -0.5),)
    the_page.clicked(shown, Click(2, 99.6, 3.0))
    assert shown.store.settings.batch_size == 100
    the_page.clicked(shown, Click(2, 1e9, 3.0))
    assert shown.store.settings.batch_size == 1000
    move(shown.store, p.plane, p.at, 1, 3.0)
    assert shown.store.settings.theta == ((2.0, 3.0),)


def test_the_errors_on_the_page_are_the_librarys() -> None:
    words = html(page(problem="fig2", batch="4"))
    problem = PROBLEMS["fig2"].problem(PROBLEMS["fig2"].dataset())
    noise = gradient_noise(problem, [0, 1.25])
    found = expected_errors(noise, [4], damping=1e-8)
    for name in ESTIMATORS:
        assert f"<td>{number(float(found[name][0]))}</td>" in words
    assert f"<b>{percent(float(noise.noise_share), 3)}</b> of the trace" in words
    squared = float(noise.gradient @ noise.gradient)
    full, plain = (percent(float(found[name][0]) / squared, 3) for name in ("full", "plain"))
    assert f"<b>{full}</b> of ‖∇L‖²: the expected squared error of an estimate of ∇L" in words
    assert (
        "from 4 examples with the noise adaptation of Eq. 19. Without it, the error of the "
        f"mini-batch gradient ĝ is {plain}." in words
    )
    assert noise.identity_error < 1e-12
    assert "Eq. 18 holds to working precision" in words


def test_the_verdict_on_ef_follows_from_the_errors() -> None:
    p = picture(problem="fig2")
    squared = float(p.noise.gradient @ p.noise.gradient)
    other = {"plain": 0.5, "scaled": 0.4, "diagonal": 0.3, "full": 0.2, "printed": 9.0}
    for share, words in (
        (0.35, "closer than any multiple of ĝ"),
        (0.45, "closer than ĝ, but no closer than the best multiple of ĝ (40\u202f%)"),
        (0.9, "further off than ĝ"),
    ):
        p.errors = {name: e * squared for name, e in (other | {"EF": share}).items()}
        assert f"errs by <b>{percent(share, 3)}</b>, {words}" in text.errors_table(
            p.noise, p.errors
        )


def test_the_direction_is_compared_with_the_natural_gradient() -> None:
    p = picture()
    for ef, words in (
        ((1.0, 0.0), "<b>0°</b> between EF⁻¹∇L and F⁻¹∇L (cosine 1): here EF happens to"),
        ((0.0, 1.0), "<b>90°</b> between EF⁻¹∇L and F⁻¹∇L (cosine 0): EF measures the spread"),
    ):
        p.directions = {"EFGD": np.array(ef), "NGD": np.array([1.0, 0.0]), "GD": np.zeros(2)}
        assert words in said(p)


def test_the_ends_of_runs_are_named_lowest_first() -> None:
    medians = {"SGD": 0.3, "EFSGD": np.inf, "VA": 0.2, "RMS": 0.4}
    losses = {name: np.array([[1.0, m]] * 3) for name, m in medians.items()}
    status = {name: np.array(["running"] * 3) for name in medians}
    result = StochasticResult(2, np.array([0, 7]), losses, {}, status)
    words = ends(NoisyRuns(result, 0.1, "above the minimum"))
    assert "after 7 steps" in words
    assert "VA 0.1, SGD 0.2, RMS 0.3, EFSGD diverged" in words


def test_an_excess_that_is_rounding_is_no_difference() -> None:
    losses = {"SGD": np.array([[1.0, 0.1 - 1e-17]] * 3), "VA": np.array([[1.0, 0.3]] * 3)}
    status = {name: np.array(["running"] * 3) for name in losses}
    result = StochasticResult(2, np.array([0, 7]), losses, {}, status)
    runs = NoisyRuns(result, 0.1 + 1e-17, "above the minimum", 1e-15)
    assert_allclose(runs.excess("SGD", (0.5,)), [[0.9, 0.0]], atol=0, rtol=1e-12)
    assert "lowest first: SGD 0, VA 0.2." in ends(runs)


def traces(panel: dict[str, Any]) -> dict[str, Any]:
    figure = go.Figure(panel)
    assert figure.layout.meta["label"]
    return {trace.name: trace for trace in figure.data}


def xy(trace: Any) -> np.ndarray:
    points = np.stack([trace.x, trace.y], axis=-1)
    return points[np.isfinite(points).all(-1)]


def test_the_squared_extent_of_ef_is_the_sum_of_those_of_its_parts() -> None:
    """Eq. 18 as the picture shows it, along every direction."""
    n = picture(problem="saturation").noise
    angle = np.linspace(0, np.pi, 50)
    u = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    zero = np.zeros(2)
    parts = (n.empirical_fisher, n.covariance, np.outer(n.gradient, n.gradient))
    EF, Sigma, gg = ((moment_ellipse(matrix, zero, 4001) @ u.T).max(0) ** 2 for matrix in parts)
    assert_allclose(EF, Sigma + gg, rtol=1e-4)
    # So EF, the larger matrix, has the larger ellipse here.
    assert "the larger a matrix, the larger its ellipse." in said(picture())


def test_the_cloud_shows_the_gradients_and_both_parts() -> None:
    p = picture()
    drawn = traces(
        cloud_panel(p.noise, p.gradients, p.minibatches, p.factor, 16, p.problem.parameter_names)
    )
    assert_array_equal(xy(drawn["gradients"]), p.gradients[:1000])
    assert_array_equal(xy(drawn["mini-batches"]), p.minibatches)
    centre = (xy(drawn["Σ"]).max(0) + xy(drawn["Σ"]).min(0)) / 2
    assert_allclose(centre, p.noise.gradient, rtol=1e-2)
    assert_allclose(xy(drawn["ggᵀ"]), [-p.noise.gradient, p.noise.gradient])
    assert_allclose(xy(drawn["∇L"])[1], p.noise.gradient)
    small, large = (np.ptp(xy(drawn[name]), axis=0) for name in ("Σ of mini-batches", "Σ"))
    assert_allclose(small, large / 4, rtol=1e-9)


def test_a_cloud_without_extent_still_has_axes() -> None:
    none = GradientNoise(5, np.zeros(2), np.zeros((2, 2)), np.zeros((2, 2)))
    traces(cloud_panel(none, np.zeros((5, 2)), np.zeros((3, 2)), 1.0, 1, ("a", "b")))
    x0, x1 = frame_of(np.full((2, 2), np.nan)).x
    assert x0 < x1


@pytest.mark.parametrize("problem", ["fig1", "fig2", "saturation"])
def test_the_ellipses_fill_the_panel_along_both_axes(problem: str) -> None:
    p = picture(problem=problem)
    panel = cloud_panel(p.noise, p.gradients, p.minibatches, p.factor, 16, ("a", "b"))
    drawn = traces(panel)
    ellipses = np.concatenate([xy(drawn["Σ"]), xy(drawn["EF"])])
    limits = np.array([panel["layout"][key]["range"] for key in ("xaxis", "yaxis")])
    assert (ellipses > limits[:, 0]).all()
    assert (ellipses < limits[:, 1]).all()
    assert (np.ptp(ellipses, axis=0) > 0.5 * np.ptp(limits, axis=1)).all()
    assert sorted(drawn["labels"].text) == sorted(["Σ", "EF", "∇L"])


def test_the_error_panel_shows_the_errors_and_the_batch_size() -> None:
    p = picture(problem="fig2")
    panel = error_panel(p.curves.batch_sizes, p.curves.errors, 16, 2.0)
    drawn = traces(panel)
    for name in ESTIMATORS:
        assert_allclose(
            xy(drawn[name]), np.stack([p.curves.batch_sizes, p.curves.errors[name]], axis=-1)
        )
    assert_allclose(xy(drawn["B"])[:, 0], 16)
    assert_allclose(xy(drawn["|g|²"])[:, 1], 2.0)
    named = ", ".join(drawn["labels"].text)
    assert all(estimator.symbol in named for estimator in ESTIMATORS.values())
    assert len({(style.dash, style.colour) for style, _ in ERRORS.values()}) == len(ERRORS)
    assert len({style.dash for style, _ in ERRORS.values()}) >= len(ERRORS) - 1


def test_directions_are_drawn_right_whatever_their_lengths() -> None:
    p = picture()
    drawn = traces(theta_panel(p.plane, p.loss, None, p.at, None, p.directions, ("a", "b")))
    assert "minimum" not in drawn
    for name, direction in p.directions.items():
        a, b = xy(drawn[name])
        assert_allclose(a, p.at)
        unit = (b - a) / np.linalg.norm(b - a)
        assert_allclose(unit, direction / np.linalg.norm(direction), atol=1e-12)


def test_the_runs_panel_shows_median_and_band() -> None:
    r = runs()
    panel = runs_panel(r, 640)
    drawn = traces(panel)
    for name in STOCHASTIC_METHODS:
        eighth_of_sixteen = np.sort(r.result.losses[name], axis=0)[7]
        assert_allclose(xy(drawn[name])[:, 1], eighth_of_sixteen - r.lowest)
        assert_allclose(xy(drawn[name])[:, 0], r.result.examples)
        assert drawn[name].line.dash == style_of(name).dash
        assert drawn[f"{name} band"].fill == "toself"
    assert sorted(drawn["labels"].text) == sorted(STOCHASTIC_METHODS)


def test_diverged_runs_and_unknown_runs_make_panels() -> None:
    r = runs(step_size=30.0)
    assert any((s == "diverged").all() for s in r.result.status.values())
    drawn = traces(runs_panel(r, 640))
    lines = [trace for trace in drawn.values() if trace.mode == "lines"]
    assert not any(np.isinf(trace.y).any() for trace in lines)
    assert traces(runs_panel(None, 100)) == {}
