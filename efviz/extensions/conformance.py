"""Whether a declaration is what it says: every statement held against numbers on small problems."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from numbers import Real
from typing import Any, get_args

import numpy as np

from efviz.arrays import Array
from efviz.curvature.matrices import Curvature
from efviz.datasets.dataset import Task
from efviz.datasets.tables.columns import Column
from efviz.extensions.weights import ROUNDING, check_forms, check_weights, close
from efviz.optimizers.methods import Method
from efviz.optimizers.stochastic import Seen, StochasticMethod
from efviz.problems import (
    Problem,
    linear_regression,
    logistic_regression,
    poisson_regression,
    saturation_regression,
    softmax_regression,
)
from efviz.problems.declared import NotStated
from efviz.problems.likelihoods.base import Combination, Likelihood
from efviz.problems.models.base import Model
from efviz.problems.own.regressions import KEYS
from efviz.style import Style

Complaints = Iterator[str]
"""Sentences, each about one thing that is not as stated."""

_N, _M = 12, 4000
# Relative errors: of the root of a rounded singular matrix, of numerical derivatives.
_ROOTS, _DIFFERENCES = 1e-6, 1e-5
# A sampled mean may err by this many of its standard deviations.
_SAMPLING = 6.0


def trial_problems() -> dict[str, Problem]:
    """Small problems of every kind: those on which matrices and methods are tried."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(_N, 3))
    f = X @ np.array([0.8, -0.5, 0.3])
    labels = (rng.uniform(size=_N) < 1 / (1 + np.exp(-f))).astype(float)
    x = rng.uniform(0.2, 2, (_N, 1))
    y = 2 * (1 - np.exp(-1.5 * x[:, 0])) + 0.1 * rng.normal(size=_N)
    classes = rng.integers(0, 3, _N).astype(float)
    return {
        "least squares": linear_regression(X, f + rng.normal(size=_N)),
        "logistic regression": logistic_regression(X, labels),
        "Poisson regression": poisson_regression(X, rng.poisson(np.exp(f)).astype(float)),
        "softmax regression": softmax_regression(X[:, :2], classes),
        "nonlinear least squares": saturation_regression(x, y),
    }


def check_curvature(curvature: Curvature) -> Complaints:
    yield from _check_style(curvature.style)
    yield from _check_matrix(curvature)


def _check_style(style: Style | None) -> Complaints:
    if style:
        yield from style.complaints()


def _check_matrix(curvature: Curvature) -> Complaints:
    @_real
    def at(problem: Problem, theta: Array) -> Array:
        return curvature.matrix(problem, theta)

    if curvature.weights is not None:
        for trial in _trials():
            wrong = list(check_weights(curvature.weights, *trial))
            wrong = wrong or list(check_forms(curvature, *trial))
            if wrong:
                yield from wrong
                return
    yield from _on_trial_problems(at, 2)
    for where, problem, theta in _trials():
        try:
            B = at(problem, theta)
        except ValueError:
            continue
        if B.shape != (*theta.shape, problem.D) or not np.isfinite(B).all():
            continue
        if not close(B, np.swapaxes(B, -1, -2)):
            yield f"On {where} the matrix is not symmetric."
        if curvature.rotates and problem.model.on_inputs and problem.model.n_outputs == 1:
            R = np.linalg.qr(np.random.default_rng(2).normal(size=(problem.D,) * 2))[0]
            rotated = replace(problem, X=np.ascontiguousarray(problem.X @ R))
            if not close(at(rotated, theta @ R), R.T @ B @ R, _ROOTS):
                yield (
                    f"On {where} the matrix is another one in rotated parameters, although "
                    "`rotates` is stated."
                )


def check_method(method: Method) -> Complaints:
    @_real
    def at(problem: Problem, theta: Array) -> Array:
        (g,), damping = problem.mean_over_examples(theta, method.term), np.asarray(0.1)
        B = method.matrix.matrix(problem, theta) if method.matrix else None
        return method.direction(problem, theta, g, B, damping).x

    yield from _check_style(method.style)
    wrong = list(_members(method))
    yield from wrong
    if wrong:
        return
    if method.matrix is not None:
        yield from _check_matrix(method.matrix)
    yield from _on_trial_problems(at, 1)


def _members(method: Method) -> Complaints:
    if not (_is_number(method.exponent) and 0 <= method.exponent <= 1):
        yield f"The exponent {method.exponent!r} does not lie between 0 and 1."
    if not all(_is_number(unit) and unit > 0 for unit in method.units):
        yield f"`units` are {method.units!r} instead of positive numbers."
    if not (_is_number(method.step_size) and method.step_size > 0):
        yield f"`step_size` is {method.step_size!r} instead of a positive number."
    if not (_is_number(method.damping) and method.damping >= 0):
        yield f"`damping` is {method.damping!r} instead of a number that is not negative."
    try:
        matrix: Any = method.matrix
    except ValueError as error:
        yield f"There is an {error}."
    else:
        if not isinstance(matrix, Curvature | None):
            yield f"`curvature` is {matrix!r} instead of a Curvature or its key."


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and bool(np.isfinite(float(value)))


def check_stochastic_method(method: StochasticMethod) -> Complaints:
    yield from _check_style(method.style)
    rng = np.random.default_rng(0)
    g, A = rng.normal(size=(5, 3)), rng.normal(size=(5, 3, 8))
    EF = A @ np.swapaxes(A, -1, -2) / 8 + g[..., :, None] * g[..., None, :]
    for damping in (0.0, 0.1):
        seen = Seen(g + 0.1 * rng.normal(size=g.shape), g, EF, 0.1, damping, N=8)
        d = method.direction(seen)
        if np.shape(d) != g.shape:
            yield f"`direction` has shape {np.shape(d)} instead of {g.shape}."
        elif np.iscomplexobj(d):
            yield "`direction` holds complex numbers."
        elif not np.isfinite(d).all():
            yield f"`direction` is not finite at damping {damping:g}."


def _real(at: Callable[[Problem, Array], Array]) -> Callable[[Problem, Array], Array]:
    """The same, where complex values are an error; a conversion drops their imaginary part."""

    def strict(problem: Problem, theta: Array) -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            return at(problem, theta)

    return strict


def _trials() -> Iterator[tuple[str, Problem, Array]]:
    rng = np.random.default_rng(1)
    for where, problem in trial_problems().items():
        yield where, problem, problem.start + rng.uniform(-0.4, 0.4, (2, 3, problem.D))


def _on_trial_problems(at: Callable[[Problem, Array], Array], axes: int) -> Complaints:
    """A function (problem, theta (..., D)) -> (..., D) or (..., D, D), a mean over examples.

    A problem that the function refuses with a ValueError is left out, if there are others.
    """
    refused = []
    for where, problem, theta in _trials():
        shape = (*theta.shape[:-1], *(problem.D,) * axes)
        try:
            found = at(problem, theta)
            one = at(problem, theta[0, 0])
        except ValueError as error:
            if isinstance(error.__cause__, np.exceptions.ComplexWarning):
                yield f"On {where} there are complex numbers."
            refused.append(f"{where}: {error}")
            continue
        if found.shape != shape:
            yield f"On {where}, theta {theta.shape} gives {found.shape} instead of {shape}."
            continue
        if not np.isfinite(found).all():
            yield f"On {where} there are values that are not finite numbers."
            continue
        if not close(found[0, 0], one, _ROOTS):
            yield (
                f"On {where} a theta alone gives other values than among others: state "
                "`batched=False`, or let the function treat the leading axes of theta as a batch."
            )
        twice = replace(
            problem, X=np.concatenate([problem.X] * 2), y=np.concatenate([problem.y] * 2)
        )
        if not close(at(twice, theta), found, _ROOTS):
            yield (
                f"On {where} the result changes when every example is there twice: it has to be "
                "a mean over the examples, not a sum."
            )
    if len(refused) == len(trial_problems()):
        yield f"It was refused on all small problems, first on {refused[0]}"


def check_likelihood(kind: type[Likelihood]) -> Complaints:
    try:
        likelihood = kind()
    except TypeError as error:
        yield f"It cannot be created without arguments: {error}"
        return
    C, rng = 3 if likelihood.shift_invariant else 1, np.random.default_rng(0)
    f = rng.uniform(-1.2, 1.2, (_N, C))
    y = likelihood.sample(f, rng, 1)[0]
    shapes = {
        "nll": (likelihood.nll(f, y), (_N,)),
        "gradient": (likelihood.gradient(f, y), (_N, C)),
        "hessian": (likelihood.hessian(f, y), (_N, C, C)),
        "fisher": (likelihood.fisher(f), (_N, C, C)),
        "mean": (likelihood.mean(f), (_N, C)),
        "sample": (y, (_N,)),
    }
    wrong = {name: (np.shape(value), shape) for name, (value, shape) in shapes.items()}
    wrong = {name: pair for name, pair in wrong.items() if pair[0] != pair[1]}
    for name, (shape, expected) in wrong.items():
        yield f"`{name}` has shape {shape} instead of {expected}."
    if wrong:
        return
    try:
        likelihood.check(y)
    except ValueError as error:
        yield f"`check` refuses labels that `sample` draws: {error}"
    r, W = likelihood.gradient(f, y), likelihood.hessian(f, y)
    if not close(_derivative(lambda f: likelihood.nll(f, y), f), r, _DIFFERENCES):
        yield "`gradient` is not the derivative of `nll`."
    if not close(_derivative(lambda f: likelihood.gradient(f, y), f), W, _DIFFERENCES):
        yield "`hessian` is not the derivative of `gradient`."
    both = likelihood.gradient_and_fisher(f, y)
    if not (close(both[0], r) and close(both[1], likelihood.fisher(f))):
        yield "`gradient_and_fisher` differs from `gradient` and `fisher`."
    yield from _facts(likelihood, f, y)
    yield from _targets(likelihood, y)
    yield from _expectations(likelihood, f)
    if C == 1:
        yield from _terms(likelihood, f[:, 0], y)


def _facts(likelihood: Likelihood, f: Array, y: Array) -> Complaints:
    H = likelihood.hessian(f, y)
    if likelihood.natural and not close(H, likelihood.fisher(f)):
        yield "`natural` is stated, but `hessian` and `fisher` differ."
    if likelihood.natural and not likelihood.convex:
        yield "`natural` is stated without `convex`, which follows from it."
    if likelihood.convex:
        rng = np.random.default_rng(1)
        far = rng.normal(size=(200, *f.shape)) * 5
        labels = likelihood.sample(far, rng, 1)[0]
        with np.errstate(all="ignore"):
            w = np.linalg.eigvalsh(likelihood.hessian(far, labels))
        if (w < -ROUNDING * np.abs(w).max(-1, keepdims=True)).any():
            yield "`convex` is stated, but `hessian` has a negative eigenvalue."
    if likelihood.least_squares:
        expected = (f[:, 0] - y) ** 2 / (2 * likelihood.sigma**2)
        if not close(likelihood.nll(f, y), expected):
            yield "`least_squares` is stated, but `nll` is not (f - y)^2 / (2 sigma^2)."
    if likelihood.shift_invariant and not close(likelihood.nll(f + 1, y), likelihood.nll(f, y)):
        yield "`shift_invariant` is stated, but adding 1 to all outputs changes `nll`."
    if likelihood.classes and (y != np.round(y)).any():
        yield "`classes` is stated, but `sample` draws labels that are not whole numbers."


def _targets(likelihood: Likelihood, y: Array) -> Complaints:
    """What an own table is told: its title, task, nearest target and suggestion."""
    if likelihood.name in KEYS.values():
        yield f"{likelihood.name!r} is the name of a built-in regression: choose another name."
    if not (isinstance(likelihood.title, str) and likelihood.title):
        yield f"`title` is {likelihood.title!r} instead of a few words."
    if likelihood.task not in get_args(Task):
        yield f"`task` is {likelihood.task!r} instead of one of {', '.join(get_args(Task))}."
    elif (likelihood.task == "classification") != likelihood.classes:
        yield f"`task` is {likelihood.task!r}, which contradicts the fact `classes`."
    numbers = np.linspace(-3, 4, 29)
    try:
        near = np.asarray(likelihood.nearest(numbers), dtype=float)
    except (TypeError, ValueError) as error:
        yield f"`nearest` has to take an array of numbers and return one: {error}"
        return
    if near.shape != numbers.shape:
        yield f"`nearest` has shape {near.shape} instead of {numbers.shape}."
        return
    for number, target in zip(numbers, near, strict=True):
        try:
            likelihood.check(np.array([target]))
        except ValueError as error:
            yield (
                f"`nearest` makes {number:g} the target {target:g}, which `check` refuses: state "
                f"the valid target nearest to a number. ({error})"
            )
            break
    if not np.array_equal(likelihood.nearest(y), y):
        yield "`nearest` changes labels that `sample` draws, which are valid already."
    codes = np.arange(len(y)) % 2
    for column in (
        Column("y", np.asarray(y, dtype=float), None, codes),
        Column("y", None, ("no", "yes"), codes),
    ):
        if likelihood.suggested(column) not in (True, False):
            yield "`suggested` is neither True nor False."
            return


def _expectations(likelihood: Likelihood, f: Array) -> Complaints:
    """Sampled means lie within six standard errors; about one in 10^8 right ones does not."""
    y = likelihood.sample(f, np.random.default_rng(3), _M)
    r = likelihood.gradient(f, y)
    if not _expected(r, np.zeros(f.shape)):
        yield "`gradient` does not have mean 0 over the labels that `sample` draws."
    if not _expected(r[..., :, None] * r[..., None, :], likelihood.fisher(f)):
        yield "`fisher` is not the mean of the gradient's square over the labels of `sample`."
    labels = (y[..., None] == np.arange(f.shape[-1])) if f.shape[-1] > 1 else y[..., None]
    if not _expected(np.asarray(labels, dtype=float), likelihood.mean(f)):
        yield "`mean` is not the mean of the labels that `sample` draws."
    K = np.eye(f.shape[-1]) + 0.1
    try:
        form = np.einsum("...c,cd,...d->...", r, K, r)
        moment = likelihood.fourth_moment(f, np.broadcast_to(K, (*f.shape, f.shape[-1])))
        if not _expected(form**2, moment):
            yield "`fourth_moment` is not the mean of (r^T K r)^2 over the labels of `sample`."
    except NotStated:
        pass
    try:
        g = f[::-1]
        if not _expected(likelihood.nll(g, y) - likelihood.nll(f, y), likelihood.kl(f, g)):
            yield "`kl` is not the mean difference of `nll` over the labels of `sample`."
    except NotStated:
        pass
    try:
        if not _normalised(likelihood, f, y):
            yield "exp(`log_base` - `nll`) is not the density of the labels that `sample` draws."
    except NotStated:
        pass


def _normalised(likelihood: Likelihood, f: Array, y: Array) -> bool:
    """Whether the density over the middle of the drawn labels is the share of labels there."""

    def density(at: Array, n: int) -> Array:
        outputs = np.broadcast_to(f[n], (len(at), f.shape[-1]))
        return np.exp(likelihood.log_base(at) - likelihood.nll(outputs, at))

    for n, drawn in enumerate(np.moveaxis(y, -1, 0)):
        low, high = np.quantile(drawn, (0.1, 0.9), method="inverted_cdf")
        inside = np.asarray((drawn >= low) & (drawn <= high), dtype=float)
        if likelihood.discrete:
            share = density(np.arange(low, high + 1), n).sum()
        else:
            grid = np.linspace(low, high, 2001)
            share = np.trapezoid(density(grid, n), grid)
        if not _expected(inside[:, None], np.array([share])):
            return False
    return True


def _terms(likelihood: Likelihood, f: Array, y: Array) -> Complaints:
    rows = np.stack([f, f[::-1]])
    for weights in (Combination(fisher=1), Combination(hessian=1), Combination(gradient=2)):
        terms = likelihood.terms(rows, y, weights)
        W = weights(likelihood, rows[..., None], y)[..., 0, 0]
        s = likelihood.gradient(rows[..., None], y)[..., 0]
        loss = likelihood.nll(rows[..., None], y).mean(-1)
        above = terms.bound + terms.slack
        rounding = ROUNDING * np.abs(loss)
        within = (terms.bound <= loss + rounding) & (loss <= above + rounding)
        if not (close(terms.gradient, s) and close(terms.weights, W) and within.all()):
            yield "`terms` differs from `gradient`, the matrices or `nll`."
            return


def check_model(kind: type[Model]) -> Complaints:
    try:
        model, rng = kind(), np.random.default_rng(0)
    except TypeError as error:
        yield f"It cannot be created without arguments: {error}"
        return
    P = _inputs(model)
    if P is None:
        yield "`n_parameters` refuses 1, 2 and 3 inputs."
        return
    X = rng.uniform(0.2, 1.5, (_N, P))
    D, C = model.n_parameters(P), model.n_outputs
    theta = rng.uniform(0.3, 1.2, (2, 3, D))
    v = rng.normal(size=(2, 3, _N, C))
    f, J = model.outputs(X, theta), model.jacobian(X, theta)
    if f.shape != (2, 3, _N, C) or J.shape != (2, 3, _N, C, D):
        yield (
            f"theta {theta.shape} and X {X.shape} give outputs {f.shape} and a Jacobian {J.shape} "
            f"instead of {(2, 3, _N, C)} and {(2, 3, _N, C, D)}."
        )
        return
    own = np.broadcast_to(X, (2, 3, *X.shape))
    if not close(model.outputs(own, theta), f):
        yield "`outputs` does not take separate examples X (..., N, P) for every theta."
    change = _derivative(lambda t: model.outputs(X, t), theta, lead=2)
    if not close(change, J, _DIFFERENCES):
        yield "`jacobian` is not the derivative of `outputs`."
    pulled = np.einsum("...ncd,...nc->...d", J, v)
    if not all(close(model.pull_back(x, theta, v), pulled) for x in (X, own)):
        yield "`pull_back` is not the sum of J_n^T v_n."
    W = v[..., :, None] * v[..., None, :]
    if not close(model.gram(X, theta, W), np.einsum("...ncd,...nce,...nef->...df", J, W, J)):
        yield "`gram` is not the sum of J_n^T W_n J_n."
    second = _derivative(lambda t: model.pull_back(X, t, v), theta, lead=2)
    if not close(model.second_order(X, theta, v), second, _DIFFERENCES):
        yield "`second_order` is not the derivative of `pull_back`."
    if model.linear and not close(J[0, 0], J[1, 2]):
        yield "`linear` is stated, but the Jacobian depends on theta."
    if model.on_inputs and not close(
        f, np.swapaxes(theta.reshape(2, 3, C, P) @ X.T, -1, -2) + model.offset
    ):
        yield "`on_inputs` is stated, but outputs are not x . theta_c + offset."
    if model.on_inputs and not model.linear:
        yield "`on_inputs` is stated without `linear`, which follows from it."


def _inputs(model: Model) -> int | None:
    """A number of inputs that the model takes."""
    for P in (3, 2, 1):
        try:
            model.n_parameters(P)
        except ValueError:
            continue
        return P
    return None


def _derivative(function: Callable[[Array], Array], at: Array, *, lead: int = -1) -> Array:
    """Central differences along the last axis of `at`, as a last axis of the result."""
    columns = []
    for i in range(at.shape[-1]):
        step = np.zeros(at.shape)
        step[..., i] = 1e-5
        columns.append((function(at + step) - function(at - step)) / 2e-5)
    return np.stack(columns, axis=-1)


def _expected(draws: Array, mean: Array) -> bool:
    """Whether the draws (M, ...) have this mean (...)."""
    error = np.abs(draws.mean(0) - mean)
    spread = draws.std(0) / np.sqrt(len(draws))
    return bool((error <= _SAMPLING * spread + ROUNDING * (1 + np.abs(mean))).all())
