"""The regressions of own tables follow the registered likelihoods, by what these declare."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import scipy
from numpy.testing import assert_allclose, assert_array_equal

from efviz import LIKELIHOODS, register
from efviz.datasets.edits import NEAREST, edited, nearest_target
from efviz.datasets.tables import read_table
from efviz.problems import with_offset
from efviz.problems.catalogue import LIKELIHOOD_OF, optimization_problem
from efviz.problems.likelihoods.bernoulli import Bernoulli
from efviz.problems.likelihoods.exponential import Exponential
from efviz.problems.own import REGRESSIONS, key_of, own_dataset, own_entry, suggest, whole_dataset
from efviz.problems.own.regressions import KEYS

pytestmark = pytest.mark.numerics


@dataclass(frozen=True)
class Erlang(Exponential):
    """Two waits one after the other, each with rate exp f: suggested for columns called "wait"."""

    name: ClassVar[str] = "erlang"
    convex: ClassVar[bool] = True
    title: ClassVar[str] = "Two waits"

    def nll(self, f, y):
        return y * np.exp(f[..., 0]) - 2 * f[..., 0]

    def gradient(self, f, y):
        return y[..., None] * np.exp(f) - 2

    def fisher(self, f):
        return np.full((*f.shape, 1), 2.0)

    def mean(self, f):
        return 2 * np.exp(-f)

    def sample(self, f, rng, n_samples):
        return rng.gamma(2.0, np.exp(-f[..., 0]), (n_samples, *f.shape[:-1]))

    def nearest(self, y):
        return np.maximum(y, 1e-6)

    def suggested(self, column):
        return column.name == "wait"


RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 50))
WAIT = RNG.exponential(np.exp(0.4 * A - 0.3 * B + 1))
ROWS = zip(A.tolist(), B.tolist(), WAIT.tolist(), strict=True)
TEXT = "a,b,wait\n" + "".join(f"{a!r},{b!r},{w!r}\n" for a, b, w in ROWS)
TABLE = read_table(TEXT, "waits.csv")


def test_the_names_in_links_and_scripts_stay():
    assert list(REGRESSIONS)[:4] == ["linear", "logistic", "poisson", "exponential"]
    titles = ["Linear regression", "Logistic regression", "Poisson regression"]
    assert [one.title for one in REGRESSIONS.values()][:3] == titles
    assert [one.task for one in REGRESSIONS.values()][:3] == [
        "regression",
        "classification",
        "count",
    ]


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_every_likelihood_of_one_output_is_a_regression(name):
    kind = LIKELIHOODS[name]
    found = [key for key, one in REGRESSIONS.items() if type(one.likelihood) is kind]
    assert found == ([] if kind.shift_invariant else [key_of(kind())])
    assert found in ([], [name], [KEYS.get(name)])


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_nearest_target_is_valid_and_none_is_nearer(name):
    likelihood = LIKELIHOODS[name]()

    def valid(y: float) -> bool:
        try:
            likelihood.check(np.array([y]))
        except ValueError:
            return False
        return True

    others = [y for y in np.linspace(-8, 8, 1601) if valid(y)]
    for y in np.random.default_rng(1).uniform(-5, 5, 40):
        near = float(likelihood.nearest(np.array([y]))[0])
        assert valid(near)
        assert abs(near - y) <= np.abs(others - y).min() + 1e-12


@pytest.mark.parametrize("task", LIKELIHOOD_OF)
def test_a_data_set_without_a_likelihood_has_the_targets_of_its_task(task):
    X, y = np.eye(2), np.array([0.0, 1.0])
    likelihood = LIKELIHOOD_OF[task](X, y).likelihood
    data, _ = own_dataset(TABLE, target="a", regression="linear", first="b", second="1")
    assert likelihood.task == task
    for number in (-1.3, 0.2, 0.7, 3.4):
        if task != "classification":
            assert NEAREST[task](data, number) == likelihood.nearest(np.array([number]))[0]


def test_a_likelihood_that_is_registered_later_is_a_regression_until_it_is_removed():
    before = {key: one.title for key, one in REGRESSIONS.items()}
    with register("erlang", Erlang):
        assert list(REGRESSIONS) == [*before, "erlang"]
        assert len(REGRESSIONS) == len(before) + 1
        assert REGRESSIONS["erlang"].title == "Two waits"
        assert REGRESSIONS["erlang"].targets(TABLE) == ["wait"]
        assert suggest(TABLE, "wait").regression == "erlang"
        entry = own_entry(TABLE, target="wait", regression="erlang", first="a", second="b")
        dataset = entry.dataset()
        problem = entry.problem(dataset)
        assert type(problem.likelihood) is Erlang
        # Twice the rate of single waits, and so an intercept larger by log 2.
        once, _ = own_dataset(TABLE, target="wait", regression="exponential", first="a", second="b")
        assert_allclose(dataset.offset, once.offset + np.log(2), rtol=1e-9)
        assert nearest_target(dataset, -3.0) == 1e-6
    assert {key: one.title for key, one in REGRESSIONS.items()} == before
    assert suggest(TABLE, "wait").regression == "linear"
    with pytest.raises(ValueError, match="no regression 'erlang'; there are linear, "):
        own_dataset(TABLE, target="wait", regression="erlang", first="a")


def newton(X, y, offset=0.0):
    """argmin mean(y exp f - f), f = X theta + offset, by scipy from its own formulas."""

    def of(theta):
        return X @ theta + offset

    found = scipy.optimize.minimize(
        lambda t: np.mean(y * np.exp(of(t)) - of(t)),
        np.zeros(X.shape[1]),
        jac=lambda t: X.T @ (y * np.exp(of(t)) - 1) / len(y),
        hess=lambda t: (X.T * (y * np.exp(of(t)))) @ X / len(y),
        method="trust-exact",
        options={"gtol": 1e-13},
    )
    theta = found.x
    for _ in range(3):
        slope = X.T @ (y * np.exp(of(theta)) - 1)
        theta = theta - np.linalg.solve((X.T * (y * np.exp(of(theta)))) @ X, slope)
    return theta, np.mean(y * np.exp(of(theta)) - of(theta))


@pytest.mark.parametrize("standardised", [True, False])
def test_waiting_times_of_a_table_have_the_minimum_of_newtons_method(standardised):
    columns = np.column_stack([A, B])
    if standardised:
        columns = (columns - columns.mean(0)) / columns.std(0)
    theta, loss = newton(np.column_stack([columns, np.ones(50)]), WAIT)
    data, _ = own_dataset(
        TABLE,
        target="wait",
        regression="exponential",
        first="a",
        second="b",
        standardised=standardised,
    )
    assert_array_equal(data.y, WAIT)
    problem = with_offset(REGRESSIONS["exponential"].build(data.X, data.y), data.offset)
    assert_allclose([*problem.theta_star, data.offset], theta, rtol=1e-9)
    assert_allclose(problem.minimum.loss, loss, rtol=1e-12)
    whole = optimization_problem(
        whole_dataset(TABLE, target="wait", regression="exponential")[0], standardised=standardised
    )
    assert_allclose(whole.theta_star, theta, rtol=1e-9)


@pytest.mark.parametrize("unit", [1e-60, 1e-9, 1.0, 1e9, 1e60])
def test_the_unit_of_waiting_times_moves_only_the_intercept(unit):
    X = np.column_stack([A, B, np.ones(50)])
    one, other = (REGRESSIONS["exponential"].build(X, WAIT * s) for s in (1.0, unit))
    assert_allclose(other.theta_star - one.theta_star, [0, 0, -np.log(unit)], atol=1e-9)


def test_an_edited_waiting_time_stays_positive():
    entry = own_entry(TABLE, target="wait", regression="exponential", first="a", second="1")
    dataset = edited(entry.dataset(), (("m", 3, 0.5, -2.0), ("a", 0.1, 4.0), ("m", 5, 0.5, 0.0)))
    problem = entry.problem(dataset)
    assert dataset.y[50] == 4.0
    assert 0 < dataset.y[3] < 1e-200
    assert 0 < dataset.y[5] < 1e-200
    theta, loss = newton(dataset.X, dataset.y)
    assert_allclose(problem.theta_star, theta, rtol=1e-9)
    assert_allclose(problem.minimum.loss, loss, rtol=1e-12)


def test_a_whole_table_keeps_the_likelihood_that_was_chosen():
    counts = read_table("x,visits\n1,0\n2,3\n3,1\n4,5\n")
    for key in ("linear", "poisson"):
        data, _ = whole_dataset(counts, target="visits", regression=key)
        assert key_of(optimization_problem(data).likelihood) == key


class Ordered(Bernoulli):
    """Labels of two classes, under another name for them."""

    name: ClassVar[str] = "ordered"
    classes: ClassVar[bool] = True

    def check(self, y):
        if not np.isin(y, (-1.0, 1.0)).all():
            raise ValueError("labels must be -1 or 1.")

    def nearest(self, y):
        return np.where(y > 0, 1.0, -1.0)


def test_a_likelihood_whose_labels_are_not_0_and_1_refuses_classes_with_a_sentence(monkeypatch):
    monkeypatch.setitem(LIKELIHOODS, "ordered", Ordered)
    table = read_table("x,c\n1,no\n2,yes\n3,no\n")
    objection = REGRESSIONS["ordered"].objection(table, table.columns["c"])
    assert objection == ("The labels 0 and 1 do not suit this regression: labels must be -1 or 1.")


def test_the_row_that_is_refused_is_the_first_of_its_kind():
    for bad in ([3], [7, 3], [0], [9], [2, 5, 9]):
        values = [f"{k + 1.5}" for k in range(10)]
        for k in bad:
            values[k] = "-1" if k % 2 else "0"
        table = read_table("x,t\n" + "".join(f"{k},{v}\n" for k, v in enumerate(values)))
        words = REGRESSIONS["exponential"].objection(table, table.columns["t"])
        value = "−1" if min(bad) % 2 else "0"
        assert words.startswith(f'Row {min(bad) + 2} of "t" is {value}, but waiting times must')


def test_the_fit_of_a_column_of_ones_is_the_logarithm_of_the_mean_wait():
    problem = REGRESSIONS["exponential"].build(np.ones((3, 1)), np.array([1.0, 2.0, 3.0]))
    assert_allclose(problem.theta_star, [-np.log(2)], rtol=1e-12)
