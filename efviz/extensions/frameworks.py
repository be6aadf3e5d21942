"""Problems whose model is a function or its values from elsewhere, such as a neural network."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.problems import Problem
from efviz.problems.declared import NotStated
from efviz.problems.likelihoods.base import Likelihood
from efviz.problems.models.base import Model

Function = Callable[[Any, Any], Any]
"""f(theta, X): theta (D,) and X (N, P) -> outputs (N,) or (N, C), arrays of the framework."""

_EPSILON = float(np.finfo(float).eps)
# Central differences err least for steps near the cube root of the rounding.
_STEP = _EPSILON ** (1 / 3)
# Shorter steps for functions that vary faster than theta is long.
_PARTS = (1.0, 1e-2, 1e-4)


def problem_from_function(
    f: Function,
    theta: ArrayLike,
    X: ArrayLike,
    y: ArrayLike,
    likelihood: Likelihood,
    *,
    framework: str | None = None,
    jacobian: Function | None = None,
) -> Problem:
    """A problem with the model f(theta, X) of another framework, searched from theta (D,).

    f takes theta (D,) and X (N, P), and returns outputs (N,) or (N, C). Its derivative is either
    `jacobian(theta, X)` (N, D) or (N, C, D), or made by the `framework` in whose arrays f computes:
    a key of FRAMEWORKS, which has to be installed. Second derivatives are differences of first
    ones. Everything is computed in float64.

    Raises ValueError if outputs or Jacobian at theta have another shape or are not finite real
    numbers, or if `jacobian` is not the derivative of f there, by central differences.
    """
    if (framework is None) == (jacobian is None):
        raise ValueError("state either the framework of f, which makes its jacobian, or a jacobian")
    if framework is not None and framework not in FRAMEWORKS:
        raise ValueError(f"unknown framework {framework!r}; there are {', '.join(FRAMEWORKS)}")
    start = _vector(theta)
    outputs, derivative = (f, jacobian) if jacobian else FRAMEWORKS[str(framework)](f)
    X = np.ascontiguousarray(_real("X", X))
    first = _finite("f(theta, X)", outputs(start, X))
    if first.shape[:1] != X.shape[:1] or first.ndim > 2:
        raise ValueError(f"f must return (N,) or (N, C) with N = {len(X)}, got {first.shape}")
    C = first.shape[1] if first.ndim == 2 else 1
    assert derivative is not None
    model = FromFunction(len(start), outputs, derivative, C)
    if jacobian is not None:
        _check_jacobian(model, X, start, (*first.shape, len(start)))
    return Problem(X, _real("y", y), model, likelihood, start=start)


def problem_from_arrays(
    outputs: ArrayLike,
    jacobian: ArrayLike,
    y: ArrayLike,
    likelihood: Likelihood,
    theta: ArrayLike | None = None,
) -> Problem:
    """A problem known at one theta: outputs (N,) or (N, C) and Jacobian (N, D) or (N, C, D).

    Matrices, gradients and comparisons at this theta (D,), by default 0, are those of the model
    that the arrays come from. Whatever moves theta, and the Hessian, raise NotStated. Raises
    ValueError if shapes do not fit, or numbers are not finite.
    """
    # The model keeps the tables, and so has them as copies; the problem copies its y.
    f, J = _finite("outputs", outputs).copy(), _finite("the Jacobian", jacobian).copy()
    f = f[:, None] if f.ndim == 1 else f
    J = J[:, None, :] if J.ndim == 2 else J
    if J.ndim != 3 or J.shape[:2] != f.shape:
        raise ValueError(
            f"the Jacobian must be (N, D) or (N, C, D) for outputs {f.shape}, got {J.shape}"
        )
    start = np.zeros(J.shape[-1]) if theta is None else _vector(theta)
    if len(start) != J.shape[-1]:
        raise ValueError(f"theta must be ({J.shape[-1]},), got {start.shape}")
    model = AtOneTheta(f, J, start, f.shape[1])
    # The inputs are the numbers of the examples, so that parts of them find their rows.
    X = np.arange(len(f), dtype=float)[:, None]
    return Problem(X, _real("y", y), model, likelihood, start=start)


def _real(what: str, values: ArrayLike) -> Array:
    if np.iscomplexobj(values):
        raise ValueError(f"{what} must hold real numbers, got complex ones")
    return np.asarray(values, dtype=float)


def _finite(what: str, values: ArrayLike) -> Array:
    numbers = _real(what, values)
    if not np.isfinite(numbers).all():
        count = np.count_nonzero(~np.isfinite(numbers))
        raise ValueError(f"{what} must hold finite numbers, {count} of {numbers.size} are not")
    return numbers


def _check_jacobian(model: "FromFunction", X: Array, theta: Array, shape: tuple[int, ...]) -> None:
    """Raises ValueError unless J v is the change of f along a few directions v at theta (D,)."""
    J = _finite("jacobian(theta, X)", model.derivative(theta, X))
    if J.shape != shape:
        raise ValueError(f"jacobian(theta, X) must be {shape}, got {J.shape}")
    rng = np.random.default_rng(0)
    for _ in range(3):
        step = _STEP * np.maximum(np.abs(theta), 1) * rng.uniform(-1, 1, len(theta))
        if not any(_is_change(model, X, theta, J, step, part) for part in _PARTS):
            raise ValueError(
                "jacobian is not the derivative of f: at theta it differs from central differences"
            )


def _is_change(
    model: "FromFunction", X: Array, theta: Array, J: Array, step: Array, part: float
) -> bool:
    """Whether J is the derivative along `part` of the step, as far as differences can tell."""
    ahead, behind = theta + part * step, theta - part * step
    f = [_real("f(theta, X)", model.function(at, X)) for at in (ahead, behind)]
    change, stated = f[0] - f[1], J @ (ahead - behind)
    size = max(np.abs(change).max(), np.abs(stated).max())
    rounding = 100 * _EPSILON * np.abs(f).max()
    if part < 1 and rounding > 1e-4 * size:
        return False
    return bool(np.abs(change - stated).max() <= 1e-4 * size + rounding)


def _vector(theta: ArrayLike) -> Array:
    start = _real("theta", theta).copy()
    if start.ndim != 1 or not np.isfinite(start).all():
        raise ValueError(f"theta must be a vector of finite numbers, got {theta!r}")
    return start


@dataclass(frozen=True, eq=False)
class FromFunction(Model):
    """A function of one theta and its Jacobian, called for every theta of a batch."""

    name: ClassVar[str] = "function"
    D: int
    function: Function
    derivative: Function
    n_outputs: int = 1

    def n_parameters(self, P: int) -> int:
        return self.D

    def outputs(self, X: Array, theta: Array) -> Array:
        return self._each(self.function, X, theta, (self.n_outputs,))

    def jacobian(self, X: Array, theta: Array) -> Array:
        return self._each(self.derivative, X, theta, (self.n_outputs, self.D))

    def _each(self, function: Function, X: Array, theta: Array, shape: tuple[int, ...]) -> Array:
        lead, N = np.broadcast_shapes(theta.shape[:-1], X.shape[:-2]), X.shape[-2]
        thetas = np.broadcast_to(theta, (*lead, self.D)).reshape(-1, self.D)
        own = np.broadcast_to(X, (*lead, *X.shape[-2:])).reshape(-1, *X.shape[-2:])
        values = [function(one, x) for one, x in zip(thetas, own, strict=True)]
        return np.reshape(np.asarray(values, dtype=float), (*lead, N, *shape))


@dataclass(frozen=True, eq=False)
class AtOneTheta(Model):
    """Outputs (N, C) and Jacobian (N, C, D) at one theta; X (N, 1) holds the examples' numbers."""

    name: ClassVar[str] = "arrays"
    f: Array
    J: Array
    theta: Array
    n_outputs: int = 1

    def n_parameters(self, P: int) -> int:
        return self.J.shape[-1]

    def outputs(self, X: Array, theta: Array) -> Array:
        return self._rows(self.f, X, theta)

    def jacobian(self, X: Array, theta: Array) -> Array:
        return self._rows(self.J, X, theta)

    def _rows(self, values: Array, X: Array, theta: Array) -> Array:
        if not (theta == self.theta).all():
            raise NotStated(
                "The model is known at one theta only, from its outputs and Jacobian there: "
                "nothing that moves theta can be computed. `problem_from_function` can."
            )
        rows = values[X[..., 0].astype(int)]
        return np.broadcast_to(rows, (*theta.shape[:-1], *rows.shape[-values.ndim :]))

    def second_order(self, X: Array, theta: Array, v: Array) -> Array:
        raise NotStated(
            "The model is known at one theta only, without second derivatives: there is no "
            "Hessian, but there are G, F and EF."
        )


def _installed(framework: str, package: str) -> Any:
    try:
        return import_module(framework)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'{framework} is not installed: pip install "{package}"', name=framework
        ) from error


def _jax(f: Function) -> tuple[Function, Function]:
    jax = _installed("jax", "efviz[jax]")

    def precise(function: Function) -> Function:
        def call(theta: Array, X: Array) -> Any:
            with jax.enable_x64(True):
                return function(theta, X)

        return call

    return precise(f), precise(jax.jacrev(f))


def _torch(f: Function) -> tuple[Function, Function]:
    torch = _installed("torch", "efviz[torch]")

    def precise(function: Function) -> Function:
        def call(theta: Array, X: Array) -> Any:
            tensors = torch.from_numpy(theta.copy()), torch.from_numpy(X.copy())
            return function(*tensors).detach().numpy()

        return call

    return precise(f), precise(torch.func.jacrev(f))


def _autograd(f: Function) -> tuple[Function, Function]:
    return f, _installed("autograd", "autograd").jacobian(f)


FRAMEWORKS: dict[str, Callable[[Function], tuple[Function, Function]]] = {
    "jax": _jax,
    "torch": _torch,
    "autograd": _autograd,
}
"""Each turns f into a function of NumPy arrays and its Jacobian by automatic differentiation."""
