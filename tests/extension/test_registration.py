"""What registration refuses, what it takes back, and what installed packages offer."""

import re
import sys
from dataclasses import dataclass, replace
from importlib import metadata

import numpy as np
import pytest
import things
from numpy.testing import assert_allclose

import efviz
from efviz import Curvature, Method
from efviz.curvature.vocabulary import VOCABULARY, Name, Term
from efviz.extensions import registration
from efviz.extensions.registration import TABLES, register
from efviz.optimizers import METHODS, run
from efviz.optimizers.stochastic import StochasticMethod, stochastic_runs
from efviz.problems import catalogue, linear_regression, logistic_regression
from efviz.problems.declared import Refused
from efviz.problems.likelihoods.bernoulli import Bernoulli
from efviz.style import Style
from efviz.work import finish


@pytest.fixture(scope="module", autouse=True)
def _extension():
    registered = [register(name, one) for name, one in things.DECLARATIONS]
    yield
    for one in registered:
        one.remove()


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
    "none of": ("a,b", things.METHODS["sign"]),
    'none of " $ &': ("<b>a</b>", things.METHODS["sign"]),
    "has to contain something": (" ", things.METHODS["sign"]),
    "differs from that of the method 'H/2' in signs alone": ("H 2", things.METHODS["sign"]),
    "Links call a visitor's own table 'own'": ("own", things.PROBLEMS["robust"]),
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
    "is not the density of the labels": _broken(
        things.StudentT, log_base=lambda self, y: np.zeros(y.shape)
    ),
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
    rng = np.random.default_rng(0)
    problem = logistic_regression(rng.normal(size=(40, 3)), rng.integers(0, 2, 40))
    theta = np.array([0.1, 0.2, 0.3])
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
def test_what_ships_or_is_installed_is_what_it_says_and_keeps_its_name(table):
    registration.register_installed()
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
        with register("mine", second, replace=True):
            assert METHODS["mine"] is second
        assert METHODS["mine"] is first
    assert "mine" not in METHODS


def test_an_older_handle_leaves_a_newer_declaration_alone():
    old = register("mine", Method("first", "two_ef"))
    second = Method("second", "two_ef")
    new = register("mine", second, replace=True)
    old.remove()
    assert METHODS["mine"] is second
    new.remove()
    new.remove()
    assert "mine" not in METHODS


def _term(title):
    return Term(title, "A", (Name("statistics", "A", "this test"),))


def _matrix(short, *terms):
    term = _term(*terms) if terms else None
    return replace(things.MATRICES["diag_ef"], short=short, vocabulary=term)


@pytest.mark.parametrize("name", ["mc_fisher", "joint_fisher"])
@pytest.mark.parametrize("terms", [(), ("A",)])
def test_the_vocabulary_of_efviz_is_neither_overwritten_nor_removed(name, terms):
    before = dict(VOCABULARY)
    with pytest.raises(ValueError, match=f"vocabulary of efviz has an entry '{name}'"):
        register(name, _matrix("A", *terms))
    assert before == VOCABULARY


def test_a_term_belongs_to_the_matrix_in_force():
    with register("mine", _matrix("A", "first")):
        with register("mine", _matrix("A"), replace=True):
            assert "mine" not in VOCABULARY
        assert VOCABULARY["mine"].title == "first"
        with register("mine", _matrix("A", "second"), replace=True):
            assert VOCABULARY["mine"].title == "second"
        assert VOCABULARY["mine"].title == "first"
    assert "mine" not in VOCABULARY


def test_a_matrix_that_is_removed_takes_the_methods_that_name_it_with_it(caplog):
    matrix = register("mine", _matrix("A"))
    method = register("follower", Method("Follower", "mine"))
    own = register("keeper", Method("Keeper", _matrix("A")))
    matrix.remove()
    words = "The matrix 'mine' of the method 'follower' was removed, and the method with it."
    assert caplog.messages == [words]
    assert "follower" not in METHODS
    assert "keeper" in METHODS
    with register("mine", _matrix("B")):
        assert "follower" not in METHODS
    method.remove()
    own.remove()


def test_a_method_whose_matrix_is_exchanged_is_named(caplog):
    with register("mine", _matrix("A")), register("follower", Method("Follower", "mine")):
        assert not caplog.messages
        with register("mine", _matrix("B"), replace=True):
            assert METHODS["follower"].matrix.short == "B"
            assert len(caplog.messages) == 1
        assert METHODS["follower"].matrix.short == "A"
    words = "The matrix 'mine' of the method 'follower' is another one now."
    assert caplog.messages == [words] * 2


@pytest.mark.parametrize("name", [3, None, ["a"]])
def test_a_name_that_is_no_text_is_refused(name):
    with pytest.raises(ValueError, match="a name is a string, got"):
        register(name, Method("a", "fisher"))


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


def test_a_package_of_which_one_declaration_fails_is_left_out_whole(installed, monkeypatch):
    before = [dict(table.entries) for table in TABLES], dict(VOCABULARY)
    offer = [
        ("mine", _matrix("A", "first")),
        ("follower", Method("Follower", "mine")),
        ("wrong", REFUSED["not finite"]),
        ("never", Method("Never", "two_ef")),
    ]
    monkeypatch.setattr(things, "OFFER", offer, raising=False)
    installed("things:OFFER")
    with pytest.warns(UserWarning, match="'outside'.*is left out: the method 'wrong'"):
        registration.register_installed()
    assert ([dict(table.entries) for table in TABLES], dict(VOCABULARY)) == before


def test_a_package_that_is_being_imported_is_asked_later(installed, monkeypatch):
    monkeypatch.setattr(things, "OFFER", [("late", Method("late", "two_ef"))], raising=False)
    installed("things:OFFER")
    monkeypatch.setattr(sys.modules["things"].__spec__, "_initializing", True, raising=False)
    registration.register_installed()
    assert "late" not in METHODS
    monkeypatch.setattr(sys.modules["things"].__spec__, "_initializing", False)
    registration.register_installed()
    assert METHODS.pop("late")


def test_whatever_own_code_raises_is_a_refusal_that_names_it(caplog):
    problem = linear_regression(np.eye(2), np.ones(2))

    def broken(*arguments):
        raise TypeError("unsupported")

    for matrix in (Curvature("Broken", "B", broken), Curvature("Broken", "B", weights=broken)):
        with pytest.raises(Refused, match="'Broken' cannot be computed here: TypeError: unsupp"):
            matrix.matrix(problem, np.zeros(2))
    flat = Curvature("Flat", "B", lambda problem, theta: np.ones(3))
    with pytest.raises(Refused, match=r"'Flat' .* its shape is \(3,\) instead of \(2, 2\)"):
        flat.matrix(problem, np.zeros(2))
    with register("fine", things.METHODS["sign"]):
        METHODS["fine"] = Method("Flat", rule=lambda p, theta, damping: np.ones(3))
        with pytest.raises(Refused, match=r"'Flat' .* its shape is \(3,\) instead of \(1, 2\)"):
            run(problem, "fine", np.zeros(2), step_size=1.0, n_steps=1)
        METHODS["fine"] = Method("Broken", rule=broken)
        with pytest.raises(Refused, match="'Broken' has no direction here: TypeError: unsupported"):
            run(problem, "fine", np.zeros(2), step_size=1.0, n_steps=1)
    assert len(caplog.records) == 3
