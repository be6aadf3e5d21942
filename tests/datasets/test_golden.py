"""The published data of Figs. 1, 2 and 4, drawn again here as the authors' public code draws them.

That code calls np.random.seed(0) and then np.random.lognormal, randn, ... with N = 1000, which is
the stream of RandomState(0). The draws below follow it line by line. The hard-coded numbers stand
for what a link must still show in years to come; the script that made them, without this package:

    random = np.random.RandomState(0)
    x, e = random.lognormal(0, 0.75, 1000), random.randn(1000)
    np.linalg.lstsq(np.stack([np.ones(1000), x], axis=1), 2 + 2 * x + e)          # FIG_1_THETA
    random = np.random.RandomState(0)
    x, e = random.randn(1000), random.randn(1000)
    np.linalg.lstsq(np.stack([x, np.ones(1000)], axis=1), 1 + x + e)              # FIG_4_THETA
    random = np.random.RandomState(0)
    X = np.concatenate([1 + 2 * random.randn(500, 2), -1 + 2 * random.randn(500, 2)])
    LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, solver="newton-cholesky").fit(
        X, np.repeat([0, 1], 500))                                                # FIG_2_THETA
"""

import numpy as np
import pytest
from numpy.random import RandomState
from numpy.testing import assert_allclose, assert_array_equal

from efviz import PROBLEMS
from efviz.datasets import FAMILIES

N = 1000

FIG_1_THETA = [2.03856408204, 1.98039568299]
FIG_4_THETA = [0.96909419840, 1.01221824549]
FIG_2_THETA = [-0.48958849352, -0.50637335911]


def test_fig_1_is_the_published_lognormal_line():
    random = RandomState(0)
    x = random.lognormal(0, 0.75, (N, 1))
    noise = random.randn(N, 1)
    X = np.concatenate([np.ones((N, 1)), x], axis=1)
    y = X @ np.array([[2.0], [2.0]]) + noise
    data = FAMILIES["lognormal"].sample()
    assert_array_equal(data.X, X)
    assert_array_equal(data.y, y[:, 0])


@pytest.mark.parametrize(
    ("path", "noise_scale", "quadratic"),
    [("", 1, 0), ("noise", 2, 0), ("quadratic", 1, 0.5)],
    ids=["correct", "A", "B"],
)
def test_fig_4_is_the_published_normal_line(path, noise_scale, quadratic):
    random = RandomState(0)
    x = random.randn(N)
    noise = noise_scale * random.randn(N)
    data = FAMILIES["line"].sample(path=path, strength=1.0 if path else 0.0)
    assert_array_equal(data.X, np.stack([x, np.ones(N)], axis=1))
    assert_array_equal(data.y, 1 + x + noise + quadratic * x**2)


FIG_2 = {
    "correct": ("A", 0.0, [1, 1], 2 * np.eye(2), [-1, -1], 2 * np.eye(2), 0.73),
    "A": ("A", 1.0, [1.5, 1.5], 3 * np.eye(2), [-1.5, -1.5], np.eye(2), 0.86),
    "B": (
        "B",
        1.0,
        [1, 1],
        1.5 * np.array([[1, -0.6], [-0.6, 1]]),
        [-1, -1],
        1.5 * np.array([[1, 0.6], [0.6, 1]]),
        0.85,
    ),
}


@pytest.mark.parametrize("case", list(FIG_2))
def test_fig_2_is_the_published_pair_of_classes(case):
    path, strength, mean_0, M_0, mean_1, M_1, _ = FIG_2[case]
    random = RandomState(0)
    X_0 = np.array(mean_0) + random.randn(N // 2, 2) @ M_0
    X_1 = np.array(mean_1) + random.randn(N // 2, 2) @ M_1
    data = FAMILIES["classes"].sample(path=path, strength=strength)
    # 1.5 * 0.6 and 0.9 differ by one rounding.
    assert_allclose(data.X, np.concatenate([X_0, X_1]), rtol=0, atol=0 if case != "B" else 1e-15)
    assert_array_equal(data.y, np.repeat([0.0, 1.0], N // 2))


@pytest.mark.parametrize("case", list(FIG_2))
def test_fig_2_has_the_accuracies_of_its_caption(case):
    path, strength, *_, accuracy = FIG_2[case]
    problem = PROBLEMS["fig2"].problem(FAMILIES["classes"].sample(path=path, strength=strength))
    correct = (problem.X @ problem.theta_star > 0) == (problem.y == 1)
    assert correct.mean() == pytest.approx(accuracy, abs=0.011)


@pytest.mark.parametrize(
    ("key", "theta_star"), [("fig1", FIG_1_THETA), ("fig4", FIG_4_THETA), ("fig2", FIG_2_THETA)]
)
def test_the_published_minima_stay_where_they_are(key, theta_star):
    entry = PROBLEMS[key]
    assert_allclose(entry.problem(entry.dataset()).theta_star, theta_star, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("lognormal", 3.7548159128575267, 10.065594505424853),
        ("three classes", 1.764052345967664, 1.0),
        ("line", 1.764052345967664, 3.3200150256774617),
        ("classes", 4.528104691935328, 0.0),
        ("counts", 1.764052345967664, 5.0),
        ("saturation", 2.195254015709299, 1.7569999885424856),
    ],
)
def test_the_first_example_of_every_family_stays_what_it_is(name, x, y):
    data = FAMILIES[name].sample()
    column = 1 if data.feature_names[0] == "1" else 0
    assert_allclose([data.X[0, column], data.y[0]], [x, y], rtol=1e-14)
