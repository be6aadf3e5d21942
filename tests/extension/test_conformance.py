"""What `check` says of declarations that contradict themselves, one fault in each."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pytest
import things

import efviz
from efviz import Curvature, Method
from efviz.datasets.real import Table
from efviz.extensions import check, register
from efviz.optimizers.stochastic import StochasticMethod
from efviz.problems import batches


def _weights(function):
    return Curvature("Own", "A", weights=lambda likelihood, f, y: function(f, y))


def _upper(f, y):
    C = f.shape[-1]
    return np.broadcast_to(np.triu(np.ones((C, C))), (*f.shape, C))


def _centred(f, y):
    """The square of f minus its mean over the examples."""
    r = f - f.mean(-2, keepdims=True)
    return r[..., :, None] * r[..., None, :]


def _ranked(f, y):
    """Refuses to be asked about fewer than two examples."""
    if len(y) < 2:
        raise ValueError("no rank among fewer than two examples")
    return _diagonal(f)


WEIGHTS = {
    "`weights` is not symmetric in its last two axes": _upper,
    "the weights of an example depend on the other examples": _centred,
    "the weights of an example depend on": lambda f, y: _diagonal(f / f[..., :1, :]),
    "W_n has to be a function of f_n and y_n alone": _ranked,
    "returns a float instead of an array (2, 3, 12, 1, 1)": lambda f, y: 1.0,
    "returns a list instead of an array": lambda f, y: _diagonal(f).tolist(),
    "`weights` has shape (12, 1, 1) instead of (..., N, C, C)": lambda f, y: np.ones(
        (len(y), 1, 1)
    ),
    "On softmax regression `weights` has shape (2, 3, 12, 1, 1)": lambda f, y: np.ones(
        (*f.shape[:-1], 1, 1)
    ),
    "`weights` holds complex numbers": lambda f, y: 1j * _diagonal(f),
    "`weights` holds values that are not finite numbers": lambda f, y: _diagonal(f / 0.0),
    "`weights` raises TypeError: unsupported": lambda f, y: 1 + None,
}


def _diagonal(f):
    return f[..., None] * np.eye(f.shape[-1])


@pytest.mark.parametrize("words", list(WEIGHTS))
def test_weights_that_no_sum_over_examples_can_take_are_refused(words):
    matrix = _weights(WEIGHTS[words])
    with pytest.raises(ValueError, match=re.escape(words)):
        register("own", matrix)
    assert "own" not in efviz.CURVATURES
    assert len(check(matrix)) == 1


def test_weights_of_each_example_alone_are_accepted():
    assert check(_weights(lambda f, y: _diagonal(1 + f**2))) == []


def _rule(function, **options):
    return Method("Own", rule=function, **options)


def _changed(base, **members):
    return dataclass(frozen=True)(type("Broken", (base,), {"name": "broken", **members}))


ROBUST, TABLE = things.PROBLEMS["robust"], things.DATA["outside"]


def _reading(X=None, y=None, names=("a", "b")):
    X, y = np.ones((5, 2)) if X is None else X, np.ones(5) if y is None else y
    return replace(TABLE, read=lambda: Table(X, y, names))


def _fails(*arguments):
    raise OSError("no such file")


SENTENCES = {
    # Complex numbers would lose their imaginary part.
    "On least squares there are complex numbers": Curvature(
        "Own", "A", lambda p, t: 1j * efviz.fisher(p, t)
    ),
    "On softmax regression there are complex numbers": Curvature(
        "Own", "A", lambda p, t: efviz.fisher(p, t) * (1j if p.model.n_outputs > 1 else 1)
    ),
    "On Poisson regression there are complex numbers": _rule(lambda p, t, d: 1j * p.gradient(t)),
    "`direction` holds complex numbers": StochasticMethod(
        "own", "d", lambda seen: 1j * seen.minibatch, False
    ),
    # Faster forms of weights.
    "`term` is not what the weights say": replace(
        things.MATRICES["gram"], term=batches.fisher_term
    ),
    "`rows` are not those of the matrix": replace(
        things.MATRICES["gram"], rows=efviz.CURVATURES["empirical_fisher"].rows
    ),
    # Members of methods.
    "takes 2 positional arguments but 3 were given": _rule(lambda p, t: t),
    "its shape is () instead of (2, 3, 3)": _rule(lambda p, t, d: 1.0),
    "`step_size` is -1 instead of a positive number": Method("Own", "fisher", step_size=-1),
    "`step_size` is 0.0 instead of": Method("Own", "fisher", step_size=0.0),
    "`step_size` is nan instead of": Method("Own", "fisher", step_size=float("nan")),
    "`step_size` is 'x' instead of": Method("Own", "fisher", step_size="x"),
    "`damping` is -1 instead of": Method("Own", "fisher", damping=-1),
    "`damping` is inf instead of": Method("Own", "fisher", damping=float("inf")),
    "`damping` is 'x' instead of": _rule(lambda p, t, d: t, damping="x", damped=True),
    "The exponent 'x' does not lie": Method("Own", "fisher", exponent="x"),
    "`units` are (1.0, 0.0) instead of": Method("Own", "fisher", units=(1.0, 0.0)),
    "unknown matrix 'missing' of the method 'Own'": Method("Own", "missing"),
    "`curvature` is 3 instead of": Method("Own", 3),
    # Members of classes.
    "`nearest` has to take an array of numbers": _changed(
        things.StudentT, nearest=lambda self, y: y if y > 0 else 0.0
    ),
    "`nearest` has shape () instead of": _changed(
        things.StudentT, nearest=lambda self, y: float(y[0])
    ),
    "`fisher` has shape () instead of": _changed(things.StudentT, fisher=lambda self, f: 1.0),
    "It cannot be created without arguments": _changed(
        things.StudentT, __init__=lambda self, dof: None
    ),
    "Its check ended with OSError: no such file": _changed(things.StudentT, sample=_fails),
    # Problems.
    "`parameter_names` is ('a',) instead of": replace(ROBUST, parameter_names=("a",)),
    "`parameter_names` is ('a', 'b', 'c') instead": replace(
        ROBUST, parameter_names=("a", "b", "c")
    ),
    "`parameter_names` is 'ab' instead of": replace(ROBUST, parameter_names="ab"),
    "`knobs` names 'seed', which `dataset` does not take": replace(ROBUST, knobs=("seed",)),
    "`knobs` names 'colour', which no page has": replace(
        ROBUST, knobs=("colour",), dataset=lambda colour="": ROBUST.dataset()
    ),
    "`knobs` is 'seed' instead of a tuple": replace(ROBUST, knobs="seed"),
    "`dataset` returns a tuple instead of a Dataset": replace(ROBUST, dataset=lambda: (1, 2)),
    "`dataset` called without arguments raises OSError": replace(ROBUST, dataset=_fails),
    "`build` gives no problem on the data: OSError": replace(ROBUST, build=_fails),
    # Tables.
    "`read` gives no table: OSError: no such file": replace(TABLE, read=_fails),
    "`read` gives no table: AttributeError": replace(TABLE, read=lambda: (1, 2, 3)),
    "The data of the table hold numbers that are not finite": _reading(X=np.full((5, 2), np.nan)),
    "The targets of the table hold numbers": _reading(y=np.array([1, 2, 3, 4, np.inf])),
    "got (5, 2) and (4,)": _reading(y=np.ones(4)),
    "has 2 columns and 1 names for them": _reading(names=("a",)),
    "`task` is 'ranking' instead of one of": replace(TABLE, task="ranking"),
}


@pytest.mark.parametrize("words", list(SENTENCES))
def test_a_fault_of_a_declaration_is_a_sentence(words):
    declaration = SENTENCES[words]
    assert any(words in sentence for sentence in check(declaration)), check(declaration)
    with pytest.raises(ValueError, match=re.escape(words)):
        register("broken", declaration)


def test_a_knob_that_is_an_argument_is_accepted():
    assert check(replace(ROBUST, knobs=("seed",), dataset=lambda seed=0: ROBUST.dataset())) == []
