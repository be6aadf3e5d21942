"""The weight of an example in each matrix, as a function of one number."""

import numpy as np
import pytest
from conftest import listed_problem, small_problem, some_thetas
from numpy.testing import assert_allclose

from efviz.curvature import empirical_fisher, fisher, improved_empirical_fisher
from efviz.curvature.label_sources import logits_reversal, most_likely_fisher
from efviz.figures.claims import weight_panels
from efviz.problems.declared import Refused
from efviz.studies.label_weights import WEIGHTS, label_weights

MATRICES = {
    "EF": empirical_fisher,
    "F": fisher,
    "most likely": most_likely_fisher,
    "reversed logits": logits_reversal,
    "iEF": improved_empirical_fisher,
}


def test_two_classes_have_the_weights_of_the_closed_forms():
    found = label_weights(listed_problem("fig2"))
    p = found.at
    expected = {
        "EF": (1 - p) ** 2,
        "F": p * (1 - p),
        "most likely": np.minimum(p, 1 - p) ** 2,
        "reversed logits": p**2,
        "iEF": np.ones_like(p),
    }
    assert found.weights.keys() == expected.keys()
    for name, values in expected.items():
        assert_allclose(found.weights[name], values, rtol=1e-10, atol=1e-15)


def test_least_squares_has_the_weights_of_the_closed_forms():
    found = label_weights(small_problem("linear-gaussian"))
    r, sigma = found.at, 0.7
    expected = {
        "EF": r**2 / sigma**4,
        "F": np.full_like(r, sigma**-2),
        "most likely": np.zeros_like(r),
        "iEF": (r != 0).astype(float),
    }
    assert found.weights.keys() == expected.keys()
    for name, values in expected.items():
        assert_allclose(found.weights[name], values, rtol=1e-10)


@pytest.mark.parametrize("name", WEIGHTS)
def test_matrices_are_means_of_these_weights_times_the_squared_inputs(name):
    for kind in ("linear-bernoulli", "linear-gaussian"):
        problem = small_problem(kind)
        theta = some_thetas(problem)
        f = problem.model.outputs(problem.X, theta)
        if name == "reversed logits" and not problem.likelihood.classes:
            continue
        w = WEIGHTS[name](problem.likelihood, f, problem.y)
        expected = (problem.X.T * w) @ problem.X / problem.N
        assert_allclose(MATRICES[name](problem, theta), expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("key", ["softmax", "poisson"])
def test_where_one_number_is_not_enough_that_is_said(key):
    with pytest.raises(Refused, match="probabilities of all of them"):
        label_weights(listed_problem(key))


def test_the_panel_shows_every_weight_over_its_number():
    found = label_weights(listed_problem("fig2"))
    (panel,) = weight_panels(found).values()
    lines = {trace["name"]: trace for trace in panel["data"] if trace["mode"] == "lines"}
    assert lines.keys() == found.weights.keys()
    assert_allclose(lines["EF"]["y"][:-1], found.weights["EF"])  # nan ends a line
    assert panel["layout"]["xaxis"]["title"]["text"] == found.axis
