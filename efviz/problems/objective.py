"""An objective is data, a model and a likelihood: its loss, and sums over examples.

Conventions, for this module and all that build on it: L(theta) is the MEAN over n of the NEGATIVE
log-likelihood (terms without theta omitted); theta (..., D), with leading axes for a batch.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array, frozen, owned
from efviz.lazy import cached_property
from efviz.numerics.columns import Columns
from efviz.problems import batches
from efviz.problems.declared import asking
from efviz.problems.likelihoods.base import Likelihood
from efviz.problems.models.base import Model
from efviz.problems.moments import MAX_PARAMETERS, Moments, moments
from efviz.shown import Shown


@dataclass(frozen=True, eq=False, repr=False)
class Objective(Shown):
    """Data X (N, P), y (N,), a model f(X, theta) and a likelihood p(y | f).

    The objective owns its arrays: it copies X, y and start unless they are read-only, so that no
    later change reaches it. Raises ValueError if X and y do not fit each other or the likelihood,
    or the model has another number of outputs than the likelihood takes.
    """

    X: Array
    y: Array
    model: Model
    likelihood: Likelihood
    parameter_names: tuple[str, ...] = ()
    start: Array = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        for role, given, kind in (
            ("likelihood", self.likelihood, Likelihood),
            ("model", self.model, Model),
        ):
            if not isinstance(given, kind):
                raise ValueError(
                    f"the {role} has to be an instance of {kind.__name__}, got {given!r}"
                )
        if self.X.ndim != 2 or self.y.shape != self.X.shape[:1] or not len(self.X):
            raise ValueError(
                f"X must be (N, P) and y (N,) with N >= 1, got {self.X.shape} and {self.y.shape}"
            )
        if not np.isfinite(self.X).all():
            raise ValueError("inputs must be finite numbers")
        self.likelihood.check(self.y)
        for name in ("X", "y", "start"):
            object.__setattr__(self, name, owned(getattr(self, name)))
        _check_outputs(self.likelihood, self.model.n_outputs, self.y)
        if not self.start.size:
            object.__setattr__(self, "start", np.zeros(self.D))
        if not self.parameter_names:
            names = tuple(f"θ{_subscript(i + 1)}" for i in range(self.D))
            object.__setattr__(self, "parameter_names", names)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Arrays that were pickled come back writeable, for which loops would compile anew."""
        self.__dict__.update(state)
        for name in ("X", "y", "start"):
            frozen(getattr(self, name))

    def facts(self) -> dict[str, str]:
        names = ", ".join(self.parameter_names[:6]) + (", …" if self.D > 6 else "")
        return {
            "likelihood": self.likelihood.name,
            "model": self.model.name,
            "N": f"{self.N:,}",
            "D": f"{self.D:,}",
            "parameters": names,
        }

    @property
    def N(self) -> int:
        return len(self.X)

    @cached_property
    def D(self) -> int:
        return self.model.n_parameters(self.X.shape[1])

    @cached_property
    def columns(self) -> Columns:
        """The columns of X; which of them are independent is decided once for all uses."""
        return Columns(self.X)

    @property
    def is_least_squares(self) -> bool:
        """Whether L = 1/N sum_n (y_n - x_n . theta)^2 / (2 sigma^2), as the declarations state."""
        model = self.model
        plain = model.on_inputs and model.n_outputs == 1 and model.offset == 0
        return plain and self.likelihood.least_squares

    @cached_property
    def moments(self) -> Moments | None:
        """The moments that replace the data in most small least-squares problems, else None."""
        if not self.is_least_squares or self.D > MAX_PARAMETERS:
            return None
        return moments(self.X, self.y, self.likelihood.sigma)

    def mean_over_examples(self, theta: ArrayLike, *terms: batches.Term) -> list[Array]:
        """1/N sum_n term for each term, all in one pass over the data."""
        theta = self.check_theta(theta)
        sums = batches.sum_over_examples(self.model, self.likelihood, self.X, self.y, theta, terms)
        return [total / self.N for total in sums]

    def check_theta(self, theta: ArrayLike) -> Array:
        theta = np.asarray(theta, dtype=float)
        if theta.ndim < 1 or theta.shape[-1] != self.D:
            raise ValueError(f"theta must be (..., {self.D}), got {theta.shape}")
        return theta

    def loss(self, theta: ArrayLike) -> Array:
        """L(theta) = 1/N sum_n -log p(y_n | f(x_n, theta)). (..., D) -> (...). Eq. 1, a mean."""
        if self.moments:
            return self.moments.loss(self.check_theta(theta))
        return self.mean_over_examples(theta, batches.loss_term)[0]

    def gradient(self, theta: ArrayLike) -> Array:
        """nabla L(theta), the mean of the per-example gradients. (..., D) -> (..., D)."""
        if self.moments:
            return self.moments.gradient(self.check_theta(theta))
        return self.mean_over_examples(theta, batches.gradient_term)[0]

    def per_example_gradients(self, theta: ArrayLike) -> Array:
        """g_n = -nabla log p(y_n | f(x_n, theta)), NOT divided by N. (..., D) -> (..., N, D)."""
        theta = self.check_theta(theta)
        # A theta far out overflows to inf or nan, as in `batches`.
        with np.errstate(all="ignore"):
            J = self.model.jacobian(self.X, theta)
            residual = self.likelihood.gradient(self.model.outputs(self.X, theta), self.y)
            return np.einsum("...ncd,...nc->...nd", J, residual)

    def gradient_and_matrices(self, theta: ArrayLike) -> tuple[Array, Array, Array]:
        """nabla L (..., D), Fisher and empirical Fisher (..., D, D): all means, one pass.

        The same as `gradient`, `curvature.fisher` and `curvature.empirical_fisher`.
        """
        theta = self.check_theta(theta)
        if self.moments:
            m = self.moments
            return m.gradient(theta), m.fisher(theta), m.empirical_fisher(theta)
        if theta.ndim > 1:
            terms = batches.gradient_term, batches.fisher_term, batches.empirical_fisher_term
            g, F, E = self.mean_over_examples(theta, *terms)
            return g, F, E
        sums = batches.gradient_and_matrices(self.model, self.likelihood, self.X, self.y, theta)
        g, F, E = (total / self.N for total in sums)
        return g, F, E


def _check_outputs(likelihood: Likelihood, C: int, y: Array) -> None:
    """Raises ValueError unless the likelihood of y (N,) takes C outputs per example."""
    if likelihood.classes and C > 1 and y.max() >= C:
        raise ValueError(f"class labels must be 0, ..., {C - 1} for {C} outputs, got {y.max():g}")
    words = f"the likelihood {likelihood.name!r} does not take a model with {C} output"
    words += "s" * (C != 1)
    if likelihood.shift_invariant and C == 1:
        raise ValueError(f"{words}: only differences of outputs matter to it")
    f, label = np.zeros((1, C)), y[:1]
    with np.errstate(all="ignore"), asking(words):
        found = {
            "nll": (np.shape(likelihood.nll(f, label)), (1,)),
            "gradient": (np.shape(likelihood.gradient(f, label)), (1, C)),
            "fisher": (np.shape(likelihood.fisher(f)), (1, C, C)),
        }
    for member, (shape, expected) in found.items():
        if shape != expected:
            raise ValueError(
                f"{words}: for one example `{member}` has shape {shape} instead of {expected}"
            )


def _subscript(i: int) -> str:
    return str(i).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
