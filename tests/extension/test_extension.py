"""Declarations from outside are right in every path that takes them, and leave no trace."""

import re
import sys
from dataclasses import dataclass, replace
from importlib import metadata
from typing import ClassVar

import numpy as np
import pytest
import slow
import things
from numpy.testing import assert_allclose, assert_array_equal

import efviz
from efviz import Combination, Curvature, Method
from efviz.curvature.vocabulary import VOCABULARY, Name, Term
from efviz.extensions import registration
from efviz.extensions.registration import TABLES, register
from efviz.fields import vector_field
from efviz.numerics.linalg import solve_damped
from efviz.optimizers import METHODS, direction, directions, run
from efviz.optimizers.stochastic import StochasticMethod, stochastic_runs
from efviz.problems import (
    Problem,
    catalogue,
    contrast_regression,
    linear_regression,
    logistic_regression,
    poisson_regression,
    saturation_regression,
    softmax_regression,
    with_offset,
)
from efviz.problems.likelihoods.bernoulli import Bernoulli
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.problems.models.linear import Linear
from efviz.style import Style
from efviz.sweeps import grid_search
from efviz.sweeps.general import General
from efviz.sweeps.linear import Linear as LinearPlan
from efviz.sweeps.paths import plan
from efviz.sweeps.quadratic import Quadratic
from efviz.work import finish

pytestmark = pytest.mark.numerics

STEP, DAMPING = 0.3, 0.2


@pytest.fixture(scope="module", autouse=True)
def _extension():
    registered = [register(name, one) for name, one in things.DECLARATIONS]
    yield
    for one in registered:
        one.remove()


def _problems() -> dict[str, Problem]:
    rng = np.random.default_rng(0)
    X, x = rng.normal(size=(40, 3)), rng.uniform(0.2, 2, (30, 1))
    f = X @ np.array([0.8, -0.5, 0.3])
    wide = rng.normal(size=(12, 10))
    collinear = np.column_stack([X[:, :2], X[:, 0] + X[:, 1] + 1e-9 * X[:, 2]])
    counts, labels = rng.poisson(np.exp(f)), (rng.uniform(size=40) < 0.5 + f / 8)
    net = things.TwoLayers()
    theta = np.array([0.8, -0.4, 0.3, 0.9, 1.2, -0.7])
    noise = rng.normal(size=40)
    two = X[:, :2]
    return {
        "least squares, by moments": linear_regression(X, f + noise),
        "least squares, sigma 0.5": linear_regression(X, f + noise, sigma=0.5),
        "least squares, many parameters": linear_regression(wide, wide.sum(1) + noise[:12]),
        "least squares, offset": with_offset(linear_regression(X, f + noise), 0.7),
        "collinear": linear_regression(collinear, f + noise),
        "logistic": logistic_regression(X, labels.astype(float)),
        "poisson": poisson_regression(X, counts.astype(float)),
        "softmax": softmax_regression(two, rng.integers(0, 3, 40).astype(float)),
        "contrast": contrast_regression(two, rng.integers(0, 3, 40).astype(float)),
        "saturation": saturation_regression(
            x, 2 * (1 - np.exp(-x[:, 0])) + 0.1 * rng.normal(size=30)
        ),
        "student t": Problem(X, f + 0.5 * rng.standard_t(5, 40), Linear(), things.StudentT()),
        "negative binomial": Problem(X, counts.astype(float), Linear(), things.NegativeBinomial()),
        "two layers": Problem(
            two, net.outputs(two, theta)[:, 0] + 0.1 * noise, net, Gaussian(), start=theta + 0.1
        ),
    }


PROBLEMS = _problems()
OWN = list(things.METHODS)


@pytest.fixture(params=list(PROBLEMS))
def problem(request):
    return PROBLEMS[request.param]


def near(problem: Problem, *lead: int) -> np.ndarray:
    return problem.start + np.random.default_rng(1).uniform(-0.2, 0.2, (*lead, problem.D))


def rounding_of_the_center(problem: Problem) -> float:
    """Runs by moments are kept as differences from theta_star, which is 6e8 if nearly collinear."""
    center = problem.theta_star if problem.is_least_squares else problem.start
    return 4 * np.finfo(float).eps * float(np.abs(center).max())


@pytest.mark.parametrize("key", list(things.MATRICES))
def test_a_matrix_is_that_of_the_slow_loops(problem, key):
    thetas = near(problem, 2)
    got = efviz.CURVATURES[key].matrix(problem, thetas)
    for theta, B in zip(thetas, got, strict=True):
        expected = slow.MATRICES[key](problem, theta)
        # The root of a singular matrix is itself computed to half of the digits.
        digits = 1e-7 if key == "root_ef" else 1e-9
        assert_allclose(B, expected, rtol=digits, atol=digits * np.abs(expected).max())


@pytest.mark.parametrize("name", OWN)
def test_a_direction_and_a_vector_field_are_those_of_the_slow_loops(problem, name):
    thetas = near(problem, 2)
    got = direction(problem, name, thetas, damping=DAMPING)
    assert not got.rank_deficient.any()
    assert_allclose(vector_field(problem, name, thetas, damping=DAMPING), -got.x)
    for theta, x in zip(thetas, got.x, strict=True):
        expected = slow.direction(problem, name, METHODS[name], theta, DAMPING)
        assert_allclose(x, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("name", OWN)
def test_a_run_takes_the_steps_of_the_slow_loops(problem, name):
    theta = near(problem)
    expected = slow.run(problem, name, METHODS[name], theta, STEP, DAMPING, 5)
    got = run(problem, name, theta, step_size=STEP, damping=DAMPING, n_steps=5)
    atol = 1e-8 * np.abs(expected).max() + rounding_of_the_center(problem)
    assert_allclose(got.thetas, expected, rtol=1e-8, atol=atol)


@pytest.mark.parametrize("name", OWN)
def test_a_sweep_ends_where_the_slow_loops_do(problem, name):
    theta, steps, levels = near(problem), np.array([1e-3, STEP]), np.array([DAMPING, 3.0])
    got = grid_search(problem, name, steps, levels, theta_0=theta, n_steps=4, cache=False)
    for i, step in enumerate(steps):
        for j, level in enumerate(levels):
            end = slow.run(problem, name, METHODS[name], theta, step, level, 4)[-1]
            assert got.status[i, j] == "finished"
            assert_allclose(got.final_loss[i, j], problem.loss(end), rtol=1e-9)


def test_every_plan_of_a_sweep_is_taken_by_some_matrix_from_outside():
    squares, logistic = PROBLEMS["least squares, by moments"], PROBLEMS["logistic"]
    kinds = {
        type(plan(problem, name, problem.start)) for problem in (squares, logistic) for name in OWN
    }
    assert kinds == {Quadratic, LinearPlan, General}


@pytest.mark.parametrize("key", [*efviz.CURVATURES, *things.MATRICES])
@pytest.mark.parametrize("where", list(PROBLEMS))
def test_every_fast_path_has_the_matrix_that_is_declared(key, where):
    """One undamped-metric step shows the matrix: theta_1 = theta - (B + damping I)^-1 g."""
    problem = PROBLEMS[where]
    theta = near(problem)
    B = efviz.CURVATURES[key].matrix(problem, theta)
    expected = theta - solve_damped(B, problem.gradient(theta), DAMPING, terms=problem.N).x
    with register("probe", Method("probe", key)):
        one = run(problem, "probe", theta, step_size=1.0, damping=DAMPING, n_steps=1)
        swept = grid_search(
            problem, "probe", [1.0], [DAMPING], theta_0=theta, n_steps=1, cache=False
        )
    atol = 1e-9 + rounding_of_the_center(problem)
    assert_allclose(one.final_theta, expected, rtol=1e-9, atol=atol)
    if swept.status[0, 0] == "finished":
        assert_allclose(swept.final_loss[0, 0], problem.loss(expected), rtol=1e-9)
    else:
        assert swept.status[0, 0] in ("singular", "diverged")


# What a subclass may not inherit.


class Tails(Gaussian):
    """Student's t by way of Gaussian: only what defines it is overridden."""

    name: ClassVar[str] = "tails"
    nll, gradient = things.StudentT.nll, things.StudentT.gradient
    hessian, fisher = things.StudentT.hessian, things.StudentT.fisher
    dof = 5.0


class Weighted(Bernoulli):
    """Every example counts twice."""

    name: ClassVar[str] = "weighted"

    def nll(self, f, y):
        return 2 * super().nll(f, y)

    def gradient(self, f, y):
        return 2 * super().gradient(f, y)

    def hessian(self, f, y):
        return 2 * super().hessian(f, y)

    def fisher(self, f):
        return 4 * super().fisher(f)


@dataclass(frozen=True)
class Shifted(Linear):
    """f = X theta + a number for each input: not the columns alone."""

    def outputs(self, X, theta):
        return super().outputs(X, theta) + X[..., :1] ** 2


@pytest.mark.parametrize("kind", [Tails, Weighted])
def test_a_subclass_loses_the_facts_and_the_shortcuts_of_its_parent(kind):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40, 3))
    y = (rng.uniform(size=40) < 0.5).astype(float)
    problem = Problem(X, y, Linear(), kind())
    facts = [
        f for f in ("natural", "least_squares", "convex", "keeps_digits") if getattr(kind(), f)
    ]
    assert not facts
    theta = near(problem)
    for name in ("NGD", "EFGD", "GD"):
        damping = 0.0 if name == "GD" else DAMPING
        g = slow.gradient(problem, theta)
        matrix = {"NGD": slow.f_matrix, "EFGD": slow.ef}.get(name)
        d = (
            g
            if matrix is None
            else np.linalg.solve(matrix(problem, theta) + DAMPING * np.eye(3), g)
        )
        end = theta - STEP * d
        one = run(problem, name, theta, step_size=STEP, damping=damping, n_steps=1)
        assert_allclose(one.final_theta, end, rtol=1e-9)
        swept = grid_search(problem, name, [STEP], [damping], theta_0=theta, n_steps=1, cache=False)
        assert_allclose(swept.final_loss[0, 0], problem.likelihood.nll(X @ end[:, None], y).mean())


def test_a_linear_model_with_other_outputs_keeps_them_at_the_minimum():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(30, 2))
    y = X @ [1.0, -2.0] + X[:, 0] ** 2 + 0.1 * rng.normal(size=30)
    problem = Problem(X, y, Shifted(), Gaussian())
    expected = np.linalg.lstsq(X, y - X[:, 0] ** 2, rcond=None)[0]
    assert problem.minimum.exists
    assert_allclose(problem.theta_star, expected, rtol=1e-9)
    for name in ("GD", "NGD", "EFGD"):
        end = grid_search(problem, name, [0.1], [1.0], n_steps=1, cache=False)
        d = direction(problem, name, problem.start, damping=1.0).x
        assert_allclose(end.final_loss[0, 0], problem.loss(problem.start - 0.1 * d), rtol=1e-12)


def test_a_minimum_of_a_loss_that_is_not_convex_is_not_called_the_only_one():
    """Two clusters of labels on one input of ones: Student's t has two minima, one lower."""
    X = np.ones((9, 1))
    y = np.array([-20.0] * 4 + [20.0] * 5)
    problem = Problem(X, y, Linear(), things.StudentT(), start=np.array([-19.0]))
    assert problem.minimum.exists
    assert problem.theta_star[0] < 0
    assert problem.loss(np.array([20.0])) < problem.minimum.loss
    assert "lower" in problem.minimum.reason


def test_a_convex_loss_that_states_no_cones_still_has_its_minimum():
    problem = PROBLEMS["negative binomial"]
    assert problem.minimum.exists
    assert not problem.minimum.reason
    assert_allclose(slow.gradient(problem, problem.theta_star), 0, atol=1e-9)


# Sweeps are kept by what a declaration gives, not by its name.


def test_a_sweep_is_computed_again_when_the_code_of_a_method_has_changed(tmp_path, monkeypatch):
    monkeypatch.setenv("EFVIZ_CACHE", str(tmp_path))
    problem = PROBLEMS["logistic"]
    ends = []
    for factor in (1, 2):
        matrix = Curvature("own", "C", combination=Combination(gradient=factor))
        with register("changing", Method("own", matrix)):
            swept = grid_search(problem, "changing", [STEP], [DAMPING], n_steps=5)
            ends.append(float(swept.final_loss[0, 0]))
            again = grid_search(problem, "changing", [STEP], [DAMPING], n_steps=5, cache=False)
            assert_allclose(swept.final_loss, again.final_loss, rtol=1e-12)
    assert ends[0] != ends[1]


# What is refused.


REFUSED = {
    "is not symmetric": Curvature("a", "A", lambda p, t: np.triu(efviz.empirical_fisher(p, t))),
    "a mean over the examples": Curvature("a", "A", lambda p, t: p.N * efviz.fisher(p, t)),
    "instead of": Curvature("a", "A", lambda p, t: efviz.fisher(p, t)[..., 0]),
    "among others": Curvature(
        "a", "A", lambda p, t: efviz.fisher(p, t) * (1 + np.square(t).sum()), rotates=True
    ),
    "another one in rotated parameters": replace(things.MATRICES["diag_ef"], rotates=True),
    "not finite": Method("a", rule=lambda p, t, damping: p.gradient(t) / 0.0),
    "does not lie between 0 and 1": Method("a", "fisher", exponent=2.0),
}


@pytest.mark.parametrize("words", list(REFUSED))
def test_a_declaration_that_contradicts_itself_is_refused(words):
    with pytest.raises(ValueError, match=words):
        register("wrong", REFUSED[words])
    assert "wrong" not in METHODS
    assert "wrong" not in efviz.CURVATURES


def test_an_entry_of_the_vocabulary_comes_and_goes_with_its_matrix():
    names = (Name("statistics", "OPG, doubled", "this test"),)
    term = Term("Twice the empirical Fisher", r"2 \sum_n g_n g_n^\top", names)
    before = dict(VOCABULARY)
    with register("doubled", replace(things.MATRICES["two_ef"], short="2 EF", vocabulary=term)):
        assert VOCABULARY["doubled"] is term
        assert list(VOCABULARY)[:-1] == list(before)
    assert before == VOCABULARY


NAMES = {
    "no comma": ("a,b", things.METHODS["sign"]),
    "has to contain something": (" ", things.METHODS["sign"]),
    "differs from that of the method 'H/2' in signs alone": ("H 2", things.METHODS["sign"]),
    "call the matrix 'empirical_fisher' 'EF' too": (
        "mine",
        replace(things.MATRICES["diag_ef"], short="EF"),
    ),
    "has a contrast of": (
        "pale",
        Method("Pale", "fisher", style=Style("#eeeeee", dark="#ffffff")),
    ),
    "is not of the form": ("named", Method("Named", "fisher", style=Style("red", dark="#ffffff"))),
    "The dash 'wavy'": (
        "wavy",
        replace(things.MATRICES["diag_ef"], style=Style("#00788a", "wavy", dark="#4fc3d4")),
    ),
}


@pytest.mark.parametrize("words", list(NAMES))
def test_a_name_or_a_style_that_the_pages_cannot_show_is_refused(words):
    name, declaration = NAMES[words]
    with pytest.raises(ValueError, match=re.escape(words)):
        register(name, declaration)
    assert name not in METHODS
    assert name not in efviz.CURVATURES


def _broken(base, **members):
    return dataclass(frozen=True)(type("Broken", (base,), {"name": "broken", **members}))


BROKEN = {
    "`gradient` is not the derivative": _broken(
        things.StudentT, nll=lambda self, f, y: (f[..., 0] - y) ** 2
    ),
    "`hessian` is not the derivative": _broken(
        things.StudentT, hessian=lambda self, f, y: np.ones((*f.shape, 1))
    ),
    "`fisher` is not the mean": _broken(
        things.StudentT, fisher=lambda self, f: np.ones((*f.shape, 1))
    ),
    "`natural` is stated, but": _broken(
        things.StudentT, natural=True, fisher=things.StudentT.fisher
    ),
    "`convex` is stated, but": _broken(things.StudentT, convex=True, fisher=things.StudentT.fisher),
    "`least_squares` is stated": _broken(
        things.StudentT, least_squares=True, sigma=1.0, fisher=things.StudentT.fisher
    ),
    "`mean` is not the mean": _broken(things.StudentT, mean=lambda self, f: f + 1),
    "`check` refuses": _broken(things.NegativeBinomial, check=Bernoulli.check),
    "`jacobian` is not the derivative": _broken(
        things.TwoLayers, outputs=lambda self, X, t: 2 * things.TwoLayers.outputs(self, X, t)
    ),
    "`linear` is stated": _broken(
        things.TwoLayers, linear=True, jacobian=things.TwoLayers.jacobian
    ),
    "`gram` is not": _broken(
        things.TwoLayers, gram=lambda self, X, t, W, products=None: np.ones((2, 3, 6, 6))
    ),
}


@pytest.mark.parametrize("words", list(BROKEN))
def test_a_class_whose_members_disagree_is_refused(words):
    with pytest.raises(ValueError, match=words):
        register("broken", BROKEN[words])


def _stochastic(direction):
    return StochasticMethod("mine", "d", direction, False)


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        (lambda seen: seen.minibatch[..., 0], "instead of"),
        (lambda seen: seen.minibatch / 0.0, "not finite"),
    ],
)
def test_a_method_on_mini_batches_that_has_no_direction_is_refused(direction, words):
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=words):
        register("mine", _stochastic(direction))


def test_a_method_on_mini_batches_runs_as_its_formula_says():
    """One batch of all examples: with SGD's direction halved, SGD with half the step size."""
    problem, theta = PROBLEMS["logistic"], np.array([0.1, 0.2, 0.3])
    options = {"batch_size": 40, "n_steps": 5, "seeds": [0], "replacement": False}
    with register("half", _stochastic(lambda seen: seen.minibatch / 2)):
        work = stochastic_runs(problem, theta, step_size=0.2, methods=["half"], **options)
        half = finish(work).final_theta["half"]
    one = run(problem, "GD", theta, step_size=0.1, n_steps=5).final_theta
    assert_allclose(half[0], one, rtol=1e-12)


def test_a_problem_of_more_than_two_parameters_is_no_plane():
    entry = replace(catalogue.PROBLEMS["fig1"], build=lambda X, y: linear_regression(X[:, :1], y))
    with pytest.raises(ValueError, match="this problem has 1"):
        register("line", replace(entry, parameter_names=()))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.noun)
def test_what_ships_is_what_it_says_and_keeps_its_name(table):
    for name, declaration in table.entries.items():
        assert not list(table.check(declaration)), name
        if name in table.built_in:
            for exchange in (False, True):
                with pytest.raises(ValueError, match="already"):
                    register(name, declaration, replace=exchange)


def test_an_own_declaration_is_exchanged_only_on_request():
    first, second = Method("first", "two_ef"), Method("second", "two_ef")
    with register("mine", first):
        with pytest.raises(ValueError, match="replace=True"):
            register("mine", second)
        register("mine", second, replace=True)
        assert METHODS["mine"] is second
    assert "mine" not in METHODS


def test_something_else_is_no_declaration():
    with pytest.raises(TypeError, match="got 3"):
        register("three", 3)


# Installed packages.


def _entry(value: str) -> metadata.EntryPoint:
    return metadata.EntryPoint("outside", value, registration.GROUP)


@pytest.fixture
def installed(monkeypatch):
    def install(*values: str) -> None:
        monkeypatch.setattr(registration, "_pending", [_entry(value) for value in values])

    return install


def test_an_installed_package_registers_what_its_entry_point_names(installed, monkeypatch):
    offer = [("entered", Method("entered", "two_ef"))]
    monkeypatch.setattr(things, "OFFER", offer, raising=False)
    installed("things:OFFER")
    registration.register_installed()
    assert METHODS.pop("entered") is offer[0][1]
    registration.register_installed()
    assert "entered" not in METHODS


@pytest.mark.parametrize(
    ("value", "words"),
    [("things:MISSING", "MISSING"), ("things:PROBLEM", "pairs"), ("no_such:x", "no_such")],
)
def test_an_installed_package_that_fails_is_named_and_left_out(
    installed, monkeypatch, value, words
):
    monkeypatch.setattr(things, "PROBLEM", 3, raising=False)
    installed(value)
    with pytest.warns(UserWarning, match=f"'outside'.*{words}"):
        registration.register_installed()


def test_a_package_that_is_being_imported_is_asked_later(installed, monkeypatch):
    monkeypatch.setattr(things, "OFFER", [("late", Method("late", "two_ef"))], raising=False)
    installed("things:OFFER")
    monkeypatch.setattr(sys.modules["things"].__spec__, "_initializing", True, raising=False)
    registration.register_installed()
    assert "late" not in METHODS
    monkeypatch.setattr(sys.modules["things"].__spec__, "_initializing", False)
    registration.register_installed()
    assert METHODS.pop("late")


def test_directions_of_several_methods_come_in_the_order_asked_for():
    problem = PROBLEMS["collinear"]
    names = ["diagonal", "NGD", "sign", "GD"]
    found = directions(problem, names, near(problem, 2), damping=DAMPING)
    assert list(found) == names
    for name in names:
        alone = direction(problem, name, near(problem, 2), damping=DAMPING).x
        assert_array_equal(found[name].x, alone)
