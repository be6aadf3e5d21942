"""Likelihoods from outside on the pages, for an own table: right in all of them, and gone after."""

import dataclasses
import re
from typing import ClassVar

import numpy as np
import pytest
import scipy
import slow
import things
from numpy.testing import assert_allclose
from visiting import (
    components,
    html,
    open_page,
    own,
    paste,
    sentence,
    settings_of,
    short_curves,
    short_distances,
)

import efviz
from efviz import LIKELIHOODS, register
from efviz.command.main import main
from efviz.dashboard.pages.matrices.closer import SECTIONS
from efviz.datasets.tables import read_table
from efviz.figures.data_points import nearest_example
from efviz.figures.data_views import data_panel
from efviz.numbers import number
from efviz.problems import Problem
from efviz.problems.likelihoods.bernoulli import Bernoulli
from efviz.problems.models.linear import Linear
from efviz.problems.own import REGRESSIONS, own_entry
from efviz.studies.label_sources import label_distances
from efviz.work import finish

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 60)).round(4)
COLUMNS = {
    "wait": RNG.exponential(np.exp(0.3 * A)).round(4) + 0.001,
    "count": RNG.poisson(np.exp(0.4 * B + 0.5)),
    "number": (A - B + RNG.standard_t(5, 60)).round(4),
}
# The loss at the minimum is compared: slope and intercept of one input, by loops over the rows.
TEXT = {
    target: f"a,b,{target}\n"
    + "".join(f"{a},{b},{y}\n" for a, b, y in zip(A, B, values.tolist(), strict=True))
    for target, values in COLUMNS.items()
}
TARGETS = {"student_t": "number", "negative_binomial": "count", "exponential": "wait"}
PAGES = ("vector-fields", "four-matrices", "at-the-minimum", "gradient-noise", "optimization")


@pytest.fixture
def _outside():
    with (
        register("student_t", things.StudentT),
        register("negative_binomial", things.NegativeBinomial),
    ):
        yield


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    short_distances(monkeypatch, seeds=2)
    short_curves(monkeypatch)


def box(at, label):
    return next(one for one in at.selectbox if one.label == label)


def opened(slug, regression, **more):
    """The page with the table whose target suits the regression, and its problem."""
    target = TARGETS[regression]
    query = {"y": target, "fit": regression} | more
    if slug != "optimization":
        query |= {"x1": "a", "x2": "1"}
    at = paste(open_page(slug, **own(slug) | query), TEXT[target])
    assert not at.exception
    assert settings_of(at, slug).regression == regression
    return at


def problems_of(at):
    """The problems that the page has computed, from what its session alone keeps."""
    kept = [one.value for one in at.session_state["private results"]._entries.values()]
    values = [value for one in kept for value in (one if isinstance(one, tuple) else (one,))]
    return [value for value in values if isinstance(value, Problem)]


def slow_loss(problem, theta):
    total = 0.0
    for x, y in zip(problem.X, problem.y, strict=True):
        f = problem.model.outputs(x[None], theta)
        total += float(problem.likelihood.nll(f, y[None])[0])
    return total / problem.N


@pytest.mark.usefixtures("_outside")
@pytest.mark.parametrize("regression", TARGETS)
@pytest.mark.parametrize("slug", PAGES)
def test_a_page_shows_the_minimum_of_the_slow_loops(slug, regression):
    at = opened(slug, regression)
    assert components(at, "chart")
    assert not at.warning
    assert not at.error
    assert sentence(at)
    problem = problems_of(at)[0]
    assert type(problem.likelihood) is LIKELIHOODS[regression]
    assert_allclose(problem.y, COLUMNS[TARGETS[regression]])
    inputs = (A,) if slug != "optimization" else (A, B)
    for column, x in zip(problem.X.T, inputs, strict=False):
        z = (x - x.mean()) / x.std()
        raw = np.abs(column - x).max() < 1e-9
        assert raw or np.abs(column - z).max() < 1e-9
    assert_allclose(problem.X[:, -1], 1)
    theta = problem.theta_star
    assert_allclose(slow.gradient(problem, theta), 0, atol=1e-9)
    found = scipy.optimize.minimize(
        lambda t: slow_loss(problem, t),
        np.zeros(problem.D),
        jac=lambda t: slow.gradient(problem, t),
        method="BFGS",
        options={"gtol": 1e-8},
    )
    assert_allclose(problem.minimum.loss, found.fun, rtol=1e-9)
    assert_allclose(theta, found.x, atol=1e-5)
    if slug == "optimization":
        assert number(found.fun, 4) in sentence(at)


@pytest.mark.usefixtures("_outside")
@pytest.mark.parametrize("regression", TARGETS)
def test_every_part_of_four_matrices_is_drawn_or_says_what_is_not_stated(regression):
    missing = set()
    sights = [{"tab": "closer", "closer": closer} for closer in SECTIONS]
    sights += [{"tab": "labels", "labels": source} for source in ("sampled", "most_likely")]
    sights += [{"tab": tab} for tab in ("entries", "example")]
    for query in sights:
        at = opened("four-matrices", regression, **query)
        assert html(at)
        missing |= {
            name for one in at.info for name in re.findall(r"state \\`([a-z\\_]+)\\`", one.value)
        }
    assert {name.replace("\\", "") for name in missing} == (
        set() if regression == "exponential" else {"kl", "most_likely"}
    )


def test_distances_leave_out_what_a_likelihood_does_not_state():
    X, y = np.column_stack([A, np.ones(60)]), COLUMNS["count"].astype(float)
    problem = Problem(X, y, Linear(), things.NegativeBinomial())
    theta = np.array([0.1, 0.4])
    found = finish(label_distances(problem, theta, seed=0, sizes=(3,), repetitions=2))
    assert set(found.others) == {"EF", "∇L ∇Lᵀ"}
    assert np.isnan(found.theory).all()
    F = slow.f_matrix(problem, theta)
    apart = np.linalg.norm(slow.ef(problem, theta) - F) / np.linalg.norm(F)
    assert_allclose(found.others["EF"], apart, rtol=1e-9)
    sampled = efviz.mc_fisher(problem, theta, np.random.default_rng((0, 3, 0)), n_samples=3)
    apart = np.linalg.norm(sampled - F) / np.linalg.norm(F)
    assert_allclose(found.errors[0, 0], apart, rtol=1e-9)


@pytest.mark.usefixtures("_outside")
def test_the_editor_of_points_moves_a_target_to_a_valid_one():
    at = opened("vector-fields", "negative_binomial", edits="m3,0.5,-2.2;a0.1,2.6", editing="1")
    (problem,) = (problem for problem in problems_of(at) if problem.N == 61)
    assert (problem.y[3], problem.y[60]) == (0, 3)
    assert "2 examples are edited" in html(at)
    at = opened("vector-fields", "student_t", edits="m3,0.5,-2.2")
    assert {problem.y[3] for problem in problems_of(at)} >= {-2.2, COLUMNS["number"][3]}


def test_a_waiting_time_that_is_moved_below_0_becomes_the_least_and_the_link_says_so():
    at = opened("vector-fields", "exponential", editing="1")
    next(one for one in at.number_input if one.label == "wait").set_value(-2.0)
    at = next(one for one in at.button if one.label == "Move it there").click().run()
    assert not at.exception
    assert settings_of(at).edits == (("m", 0, pytest.approx(A[0], abs=2), 1e-300),)
    assert ",1e-300" in settings_of(at).query
    assert "1 example is edited" in html(at)
    again = opened("vector-fields", "exponential", edits=settings_of(at).texts["edits"])
    assert 1e-300 in {problem.y[0] for problem in problems_of(again)}


def test_a_target_that_the_likelihood_refuses_is_named_by_its_row():
    target = TEXT["number"]
    row = int(np.flatnonzero(COLUMNS["number"] <= 0)[0])
    at = paste(open_page("vector-fields", **own("vector-fields")), target)
    at = box(at, "Regression").set_value("exponential").run()
    assert not at.exception
    words = f"Row {row + 2} of “number” is {number(COLUMNS['number'][row], 6)}, but waiting times"
    assert words in at.warning[0].value.replace("\\", "").replace('"', "“", 1).replace('"', "”", 1)


@pytest.mark.parametrize("slug", PAGES)
def test_a_removed_likelihood_leaves_no_trace(slug):
    before = list(REGRESSIONS)
    with register("student_t", things.StudentT):
        at = opened(slug, "student_t")
        assert box(at, "Regression").options[-1] == "Student t regression"
        assert len(box(at, "Regression").options) == len(before) + 1
    assert list(REGRESSIONS) == before
    at.run()
    assert not at.exception
    assert not at.warning
    assert settings_of(at, slug).regression == "linear"
    assert components(at, "chart")
    later = paste(open_page(slug, **own(slug), y="number", fit="student_t"), TEXT["number"])
    assert not later.exception
    assert settings_of(later, slug).regression == "linear"
    assert "Student t regression" not in box(later, "Regression").options


def test_the_command_line_takes_a_likelihood_while_it_is_registered(tmp_path, capsys):
    (tmp_path / "own.csv").write_text(TEXT["number"])
    command = ["sweep", str(tmp_path / "own.csv"), "--method", "GD", "--steps", "2"]
    command += ["--out", str(tmp_path / "t.json"), "--step-sizes", "-1", "0", "2"]
    command += ["--target", "number", "--regression", "student_t"]
    with register("student_t", things.StudentT):
        assert main(command) == 0
        assert '"regression": "student_t"' in (tmp_path / "t.json").read_text()
    with pytest.raises(SystemExit):
        main(command)
    assert "student_t" in capsys.readouterr().err


@dataclasses.dataclass(frozen=True)
class LateBernoulli(Bernoulli):
    """p(y = 1) = sigmoid(f - 1): both classes are equally likely at f = 1."""

    name: ClassVar[str] = "late"
    natural: ClassVar[bool] = True
    convex: ClassVar[bool] = True
    discrete: ClassVar[bool] = True
    classes: ClassVar[bool] = True

    def nll(self, f, y):
        return super().nll(f - 1, y)

    def gradient(self, f, y):
        return super().gradient(f - 1, y)

    def hessian(self, f, y):
        return self.fisher(f)

    def fisher(self, f):
        return super().fisher(f - 1)

    def mean(self, f):
        return super().mean(f - 1)

    def sample(self, f, rng, n_samples):
        return (rng.random((n_samples, *f.shape[:-1])) < self.mean(f)[..., 0]).astype(float)


@pytest.mark.parametrize("regression", ["late", "logistic"])
def test_the_line_between_two_classes_is_where_the_mean_is_one_half(regression):
    side = np.where(A + B + RNG.normal(size=60) > 0, "up", "down")
    text = "a,b,side\n" + "".join(f"{a},{b},{c}\n" for a, b, c in zip(A, B, side, strict=True))
    with register("late", LateBernoulli):
        entry = own_entry(
            read_table(text), target="side", regression=regression, first="a", second="b"
        )
        dataset = entry.dataset(positive="up")
        problem = entry.problem(dataset)
        panel = data_panel(dataset, problem)
    line = next(t for t in panel["data"] if t["name"] == "fit of the minimum")
    ends = np.column_stack([line["x"], line["y"]])[:2]
    p = problem.likelihood.mean(problem.model.outputs(ends, problem.theta_star))
    assert_allclose(p, 0.5, atol=1e-9)
    assert nearest_example(dataset, problem, *dataset.X[7]) == 7


def _with(base, **members):
    return dataclasses.dataclass(frozen=True)(
        type("Broken", (base,), {"name": "broken", **members})
    )


REFUSED = {
    "`nearest` makes -3 the target -3, which `check` refuses": _with(
        things.StudentT, check=lambda self, y: things.NegativeBinomial.check(self, y)
    ),
    "`nearest` changes labels": _with(things.StudentT, nearest=lambda self, y: np.round(y)),
    "`nearest` has shape": _with(things.StudentT, nearest=lambda self, y: y[:1]),
    "`task` is 'ranking' instead of one of regression": _with(things.StudentT, task="ranking"),
    "contradicts the fact `classes`": _with(things.StudentT, task="classification"),
    "`title` is 3": _with(things.StudentT, title=3),
    "`suggested` is neither": _with(things.StudentT, suggested=lambda self, column: "often"),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_a_table_is_told_is_checked(words):
    with pytest.raises(ValueError, match=re.escape(words)):
        register("broken", REFUSED[words])


def test_the_name_of_a_built_in_regression_is_taken():
    named = _with(things.StudentT, name="linear")
    with pytest.raises(ValueError, match="'linear' is the name of a built-in regression"):
        register("linear", named)
    assert type(REGRESSIONS["linear"].likelihood).__name__ == "Gaussian"
