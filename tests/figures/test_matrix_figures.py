"""Figures of matrices and claims are valid, and show the numbers that they are drawn from."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from conftest import listed_problem, small_problem
from numpy.testing import assert_allclose, assert_array_equal
from test_figures import luminance, trace

from efviz import CURVATURES, PROBLEMS
from efviz.curvature.remainder_bound import ray, remainder_bound
from efviz.curvature.splits import SPLITS
from efviz.fields import Plane, loss_grid, plane_around
from efviz.figures import claims, matrices, steepest_descent
from efviz.figures.theme import INK, SIGNED, dark_colours, style_of_matrix
from efviz.optimizers.steepest_descent import DISTANCES
from efviz.optimizers.steepest_descent import steepest_descent as descend
from efviz.problems import linear_regression
from efviz.studies.four_matrices import conics, level_for
from efviz.studies.label_sources import LabelDistances
from efviz.studies.residuals import add_parameters, few_examples, grow_margins, shrink_noise
from efviz.work import finish

KEYS = {"H": "hessian", "G": "ggn", "F": "fisher", "EF": "empirical_fisher"}


def check(panel: dict[str, Any]) -> dict[str, Any]:
    """Plotly accepts every property, and there is a label for screen readers."""
    assert go.Figure(panel).layout.meta["label"]
    return panel


def four(problem: Any, theta: Any) -> dict[str, Any]:
    return {name: CURVATURES[key].matrix(problem, theta) for name, key in KEYS.items()}


def plane_of(key: str, problem: Any) -> Plane:
    settings = PROBLEMS[key].settings
    return plane_around(problem, Plane(*settings.plane) if settings.plane else None, settings.reach)


def test_cells_show_three_digits_or_a_dash():
    M = np.array([[1.23456, -0.5], [1e-7, np.nan]])
    numbers = trace(check(matrices.matrix_panel(M, "F", ("a", "b"), scale=2.0)), "numbers")
    assert list(numbers["text"]) == ["1.23", "−0.5", "10⁻⁷", "–"]


def test_a_matrix_is_drawn_as_it_is_written():
    M = np.array([[1.0, -2.0, 3.0], [-2.0, 5.0, 6.0], [3.0, 6.0, 9.0]])
    panel = check(matrices.matrix_panel(M, "F", ("a", "b", "c"), scale=9.0))
    cells, numbers = trace(panel, "cells"), trace(panel, "numbers")
    assert_array_equal(cells["z"][::-1] * 9, M)
    # The first row is at the top, and rows and columns have their own names.
    top_left = np.flatnonzero((numbers["x"] == 0) & (numbers["y"] == 2))[0]
    assert numbers["text"][top_left] == "1"
    assert numbers["text"][1] == "−2"
    assert (numbers["x"][1], numbers["y"][1]) == (1, 2)
    assert panel["layout"]["yaxis"]["ticktext"] == ["c", "b", "a"]
    assert panel["layout"]["xaxis"]["ticktext"] == ["a", "b", "c"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_are_readable_on_the_strongest_cells(theme):
    for _, colour in SIGNED:
        pair = [colour, INK] if theme == "light" else [dark_colours()[one] for one in (colour, INK)]
        low, high = sorted(map(luminance, pair))
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_the_colour_scale_ignores_entries_that_are_not_finite():
    assert matrices.largest_entry([np.array([[np.nan, -3.0], [np.inf, 1.0]])]) == 3.0
    assert matrices.largest_entry([np.zeros((2, 2))]) > 0


@pytest.mark.parametrize("key", SPLITS)
@pytest.mark.parametrize("kind", ["saturation-gaussian", "linear-categorical"])
def test_the_three_blocks_of_a_sum_share_one_scale(key, kind):
    problem, split = small_problem(kind, P=2), SPLITS[key]
    theta = problem.start + 0.3
    blocks = [f(problem, theta) for f in (split.ggn, split.remainder, CURVATURES["hessian"].matrix)]
    panel = check(matrices.sum_panel(*blocks, title=split.title))
    cells = [t["z"] for t in panel["data"] if t["name"] == "cells"]
    assert_allclose(cells[0] + cells[1], cells[2], atol=1e-12)
    assert max(np.abs(z).max() for z in cells) == 1


@pytest.mark.parametrize("key", PROBLEMS)
def test_level_sets_of_every_problem(key):
    problem = listed_problem(key)
    plane = plane_of(key, problem)
    theta = plane.place([0.4, -0.3])
    four_ = four(problem, theta)
    level = level_for(four_["F"], float(plane.half_widths.min()), problem.N)
    drawn = conics(four_, theta, level, plane, problem.N)
    assert sorted(n for joined in drawn for n in joined) == sorted(KEYS)
    loss = loss_grid(problem, plane, 21)
    panel = check(
        matrices.level_sets_panel(
            drawn, theta, problem.parameter_names, plane, loss, problem.theta_star
        )
    )
    for shared in drawn:
        line = trace(panel, " = ".join(shared))
        points = np.stack([line["x"], line["y"]], axis=-1)
        delta = points[np.isfinite(points).all(axis=-1)] - theta
        matrix = four_[shared[0]]
        assert_allclose(np.einsum("ni,ij,nj->n", delta, matrix, delta), level, rtol=1e-6)
        look = style_of_matrix("F" if "F" in shared else shared[0])
        assert line["line"]["color"] == look.colour
    assert set(trace(panel, "labels")["text"]) <= {" = ".join(shared) for shared in drawn}
    fisher = trace(panel, next(" = ".join(shared) for shared in drawn if "F" in shared))
    extent = np.nanmax(np.hypot(fisher["x"] - theta[0], fisher["y"] - theta[1]))
    assert extent <= 0.61 * plane.half_widths.min()


def test_level_sets_that_are_not_ellipses_are_named():
    plane = Plane((-1, 1), (-1, 1))
    some = {"H": np.diag([1.0, -0.5]), "G": np.diag([1.0, 0.0]), "F": np.eye(2), "EF": -np.eye(2)}
    drawn = conics(some, np.zeros(2), 0.1, plane, 1)
    assert [c.kind for c in drawn.values()] == ["hyperbola", "lines", "ellipse", "empty"]
    said = matrices.notes(drawn)
    assert len(said) == 3
    assert "H is indefinite" in said[0]
    panel = matrices.level_sets_panel(drawn, np.zeros(2), ("a", "b"), plane, np.ones((5, 5)), None)
    check(panel)
    assert "EF curves upwards in no direction" in panel["layout"]["meta"]["label"]


def test_equal_matrices_share_a_curve_and_a_name():
    F = np.array([[2.0, 0.3], [0.3, 1.0]])
    same = {"H": F, "G": F * (1 + 1e-13), "F": F, "EF": 2 * F}
    drawn = conics(same, np.zeros(2), 1.0, Plane((-1, 1), (-1, 1)), 1)
    assert list(drawn) == [("H", "G", "F"), ("EF",)]


def test_spectra_show_sizes_signs_and_zeros():
    spectra = {
        "H": np.array([-0.5, 2.0]),
        "G": np.array([0.0, 3.0]),
        "F": np.array([1.0, 3.0]),
        "EF": np.array([0.01, 40.0]),
    }
    panel = check(matrices.spectra_panel(spectra))
    assert_array_equal(trace(panel, "H, negative")["y"], [0.5])
    assert_array_equal(trace(panel, "H")["y"], [2.0])
    assert_array_equal(trace(panel, "EF")["y"], [0.01, 40.0])
    assert trace(panel, "minus")["text"] == ["−"]
    assert_array_equal(trace(panel, "zero")["x"], [1.0])
    check(matrices.spectra_panel({name: np.zeros(2) for name in KEYS}))


def test_equal_matrices_share_a_column_of_eigenvalues():
    spectra = {name: np.array([1.0, 3.0]) for name in ("H", "G", "F")} | {
        "EF": np.array([2.0, 4.0])
    }
    panel = check(matrices.spectra_panel(spectra, [("H", "G", "F"), ("EF",)]))
    assert panel["layout"]["xaxis"]["ticktext"] == ["H = G = F", "EF"]
    shared = trace(panel, "H = G = F")
    assert_array_equal(shared["x"], [0.0, 0.0])
    assert_array_equal(shared["y"], [1.0, 3.0])
    assert shared["marker"]["color"] == style_of_matrix("F").colour
    assert len(panel["data"]) == 2


def test_proposition_2_shows_both_claims():
    problem = listed_problem("saturation", N=300)
    low, high = (np.array(v) for v in zip(*PROBLEMS["saturation"].settings.plane, strict=True))
    bound = remainder_bound(problem, ray(problem.theta_star, high, low, high, 30), low, high)
    panel = check(claims.remainder_panel(bound))
    assert_array_equal(trace(panel, "r β")["y"][:-1], bound.proved)
    assert_array_equal(trace(panel, "printed: N‖H − G‖²")["y"][:-1], bound.printed)
    assert "exceeds the bound at 0 of 30" in panel["layout"]["meta"]["label"]


def test_a_linear_model_has_an_empty_panel_with_a_label():
    problem = listed_problem("fig1")
    thetas = np.array([[0.0, 0.0], [1.0, 1.0]])
    bound = remainder_bound(problem, thetas, thetas[0], thetas[1])
    panel = check(claims.remainder_panel(bound))
    assert panel["data"] == []


@pytest.mark.parametrize("way", ["noise", "parameters", "margins"])
def test_residual_paths(way):
    if way == "noise":
        levels = [1.0, 0.1, 0.01, 0.0]
        path = finish(shrink_noise(listed_problem("saturation", N=60), levels))
    elif way == "parameters":
        path = finish(add_parameters(*few_examples(10)))
    else:
        path = finish(grow_margins(listed_problem("fig2", N=60), [1.0, 10.0, 100.0]))
    panel = check(claims.residual_panel(path, logarithmic=way != "parameters"))
    drawn = trace(panel, "EF")
    points = ~np.isnan(drawn["x"])
    assert_allclose(drawn["y"][points], path.ef[: points.sum()])
    assert (drawn["y"][points] > 1e-18).all()
    # The chart component does not support reversed axes.
    for name in ("xaxis", "yaxis"):
        low, high = panel["layout"][name]["range"]
        assert low < high


def test_sampled_errors_and_biased_sources():
    sizes = np.array([1, 10, 100])
    errors = np.array([[0.5, 0.1, 0.05], [0.3, 0.2, 0.03]])
    theory = 0.4 / np.sqrt(sizes)
    others = {"EF": 0.7, "likeliest label": 1.0, "exact": 0.0}
    found = LabelDistances(tuple(sizes), errors, theory, others)
    panel = check(claims.distance_panels(found, source="sampled", M=10)["distance"])
    assert_allclose(trace(panel, "mean")["y"][:-1], errors.mean(0))
    assert_array_equal(trace(panel, "theory")["y"][:-1], theory)
    assert_array_equal(trace(panel, "EF")["y"][:-1], [0.7, 0.7])
    band = trace(panel, "repetitions")
    assert_array_equal(band["y"], [0.3, 0.1, 0.03, 0.05, 0.2, 0.5])
    assert "exact" not in trace(panel, "labels")["text"]


@pytest.mark.parametrize("key", ["fig1", "fig2", "saturation"])
def test_steepest_descent_panels(key):
    problem = listed_problem(key)
    plane = plane_of(key, problem)
    theta = plane.place([0.5, 0.3])
    balls = [descend(problem, theta, d, (0.4, 0.2, 0.05)) for d in ("euclidean", "kl")]
    loss = loss_grid(problem, plane, 21)
    panel = check(
        steepest_descent.descent_panel(
            balls, problem.parameter_names, plane, loss, problem.theta_star
        )
    )
    drawn = trace(panel, "kl")
    assert_array_equal(drawn["x"][:65], balls[1].boundary[0, :, 0])
    assert_array_equal(trace(panel, "minimisers kl")["x"], balls[1].minimisers[:, 0])
    assert trace(panel, "labels")["text"] == ["gradient", "natural gradient"]
    check(steepest_descent.angle_panel(balls))


def test_angles_below_the_precision_of_the_search_are_no_curve():
    problem = listed_problem("fig4")
    theta = problem.theta_star + 0.5
    balls = [descend(problem, theta, d, (0.2, 0.05)) for d in ("euclidean", "kl")]
    panel = check(steepest_descent.angle_panel(balls))
    assert [t["name"] for t in panel["data"]] == ["euclidean", "labels"]


def test_without_a_gradient_there_are_balls_but_no_limits():
    problem = linear_regression(np.eye(2), [1.0, 2.0])
    balls = [descend(problem, problem.theta_star, d, (0.4,)) for d in DISTANCES]
    plane = Plane((0, 2), (1, 3))
    loss = loss_grid(problem, plane, 9)
    panel = check(
        steepest_descent.descent_panel(balls, ("a", "b"), plane, loss, problem.theta_star)
    )
    assert not [t for t in panel["data"] if t["name"].startswith("limit")]
    check(steepest_descent.angle_panel(balls))


def test_the_names_of_parallel_directions_do_not_overlap():
    problem = listed_problem("saturation", N=200)
    plane, theta = plane_of("saturation", problem), np.array([1.3, 0.6])
    balls = [descend(problem, theta, d, (0.1,)) for d in ("euclidean", "kl")]
    panel = steepest_descent.descent_panel(
        balls, problem.parameter_names, plane, loss_grid(problem, plane, 9), None
    )
    assert abs(np.diff(trace(panel, "labels")["y"])[0]) > 0.13 * plane.half_widths[1]


def test_every_distance_has_a_look():
    assert set(steepest_descent.LOOKS) == set(DISTANCES)
