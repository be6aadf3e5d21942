"""A method is a preconditioner: theta_{t+1} = theta_t - step_size (B(theta_t) + damping I)^{-1} g.

METHODS lists them (Kunstner et al. (2019), Eqs. 50-52); `direction` is one preconditioned gradient.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.curvature import CURVATURES
from efviz.curvature.matrices import Curvature
from efviz.numerics.linalg import Rows, Solution, power_damped, solve_damped
from efviz.problems import Problem, batches
from efviz.problems.declared import asking
from efviz.style import AMBER, BLUE, RED, SLATE, Style

Rule = Callable[[Problem, Array, Array], Array]


@dataclass(frozen=True)
class Method:
    """The direction (B + damping I)^(-exponent) g of a matrix B, or one of its own `rule`.

    `curvature` is B, or its key in CURVATURES; None for B = I, which takes no damping (Eq. 50).
    `rule(problem, theta (..., D), damping (...))` returns the direction (..., D), which is
    subtracted; with `batched` False, theta is (D,) and damping a number. Unless `damped` is stated,
    a rule is called with a damping of 0, and the dampings of a sweep are all the same to it.

    `step_size` and `damping` are where the pages begin. `style` is how it is drawn; without one it
    gets a place in a palette.
    """

    title: str
    curvature: str | Curvature | None = None
    exponent: float = 1.0
    rule: Rule | None = None
    batched: bool = True
    damped: bool = False
    step_size: float = 1.0
    damping: float = 1e-8
    style: Style | None = None

    def __post_init__(self) -> None:
        if self.rule is not None and (self.curvature is not None or self.exponent != 1):
            raise ValueError(
                f"the method {self.title!r} has a rule of its own: it takes no matrix and no "
                "exponent beside it"
            )
        if self.curvature is not None:
            object.__setattr__(self, "damped", True)
        if not self.damped:
            object.__setattr__(self, "damping", 0.0)

    @property
    def matrix(self) -> Curvature | None:
        if not isinstance(self.curvature, str):
            return self.curvature
        if self.curvature not in CURVATURES:
            raise ValueError(
                f"unknown matrix {self.curvature!r} of the method {self.title!r}; there are "
                f"{', '.join(CURVATURES)}"
            )
        return CURVATURES[self.curvature]

    @property
    def rotates(self) -> bool:
        """Whether it takes the same steps after a rotation of the parameters."""
        return self.rule is None and (self.matrix is None or self.matrix.rotates)

    @property
    def plain(self) -> bool:
        """Whether its direction solves one linear system per theta, without rule or exponent."""
        return self.rule is None and self.exponent == 1

    def direction(
        self, problem: Problem, theta: Array, g: Array, B: Array | None, damping: Array
    ) -> Solution:
        """The direction (..., D) at theta (..., D), where g and B (..., D, D) are known."""
        lead = np.broadcast_shapes(g.shape[:-1], damping.shape)
        if self.rule is not None:
            with asking(f"The method {self.title!r} has no direction here"):
                x = self._by_rule(problem, theta, damping, lead)
        elif B is None:
            x = np.broadcast_to(g, (*lead, problem.D))
        elif self.exponent != 1:
            return power_damped(B, g, damping, self.exponent, terms=problem.N)
        else:
            assert self.matrix is not None
            return _solved(problem, self.matrix, theta, B, g, damping)
        return Solution(x, np.zeros(lead, dtype=bool))

    def _by_rule(
        self, problem: Problem, theta: Array, damping: Array, lead: tuple[int, ...]
    ) -> Array:
        assert self.rule is not None
        theta = np.broadcast_to(theta, (*lead, problem.D))
        damping = np.broadcast_to(damping if self.damped else 0.0, lead)
        with np.errstate(all="ignore"):
            if self.batched:
                found = np.asarray(self.rule(problem, theta, damping), dtype=float)
            else:
                pairs = zip(theta.reshape(-1, problem.D), damping.ravel(), strict=True)
                each = [self.rule(problem, one, np.asarray(level)) for one, level in pairs]
                found = np.asarray(each, dtype=float)
                found = found.reshape(*theta.shape[:-1], *found.shape[1:])
        if found.shape != theta.shape:
            raise ValueError(f"its shape is {found.shape} instead of {theta.shape}")
        return found


METHODS: dict[str, Method] = {
    "GD": Method("Gradient descent", step_size=1e-3, style=BLUE.named("gradient descent")),
    "NGD": Method("Natural gradient descent", "fisher", style=AMBER.named("natural gradient")),
    "EFGD": Method(
        "Gradient descent preconditioned by the empirical Fisher",
        "empirical_fisher",
        step_size=1e-2,
        damping=1e-3,
        style=RED.named("empirical Fisher"),
    ),
    "Newton": Method("Newton's method", "hessian", style=SLATE.named("Newton")),
}


def direction(
    problem: Problem, method: str, theta: ArrayLike, *, damping: ArrayLike = 0.0
) -> Solution:
    """(B + damping I)^{-1} gradient: theta (..., D) -> x (..., D); the update subtracts it.

    Where the damped matrix is singular, x has minimum norm and `rank_deficient` (...) is True.
    """
    return directions(problem, (method,), theta, damping=damping)[method]


def directions(
    problem: Problem, methods: Sequence[str], theta: ArrayLike, *, damping: ArrayLike = 0.0
) -> dict[str, Solution]:
    """`direction` of several methods at the same theta, in one pass over the data.

    damping broadcasts against the leading axes of theta; each theta is evaluated once.
    """
    theta = problem.check_theta(theta)
    damping = check_damping(damping)
    chosen = {name: method_named(name) for name in methods}
    seen = problem.coordinates
    if seen is None:
        return _directions(problem, chosen, theta, damping)
    turned = {name: method for name, method in chosen.items() if method.rotates}
    fixed = {name: method for name, method in chosen.items() if not method.rotates}
    unseen = (damping == 0) & (not seen.complete)
    found = _directions(seen.problem, turned, seen.reduce(theta), damping)
    restored = {
        name: Solution(seen.restore(x), deficient | (unseen & chosen[name].damped))
        for name, (x, deficient) in found.items()
    }
    restored |= _directions(problem, fixed, theta, damping)
    return {name: restored[name] for name in methods}


def _directions(
    problem: Problem, chosen: Mapping[str, Method], theta: Array, damping: Array
) -> dict[str, Solution]:
    if not chosen:
        return {}
    matrices = {id(B): B for method in chosen.values() if (B := method.matrix)}
    g, values = gradient_and(problem, list(matrices.values()), theta)
    known = dict(zip(matrices, values, strict=True))
    return {
        name: method.direction(problem, theta, g, known.get(id(method.matrix)), damping)
        for name, method in chosen.items()
    }


def gradient_and(
    problem: Problem, matrices: Sequence[Curvature], theta: Array
) -> tuple[Array, list[Array]]:
    """The gradient and the matrices at theta (..., D), in one pass where they are sums."""
    if problem.moments:
        return problem.gradient(theta), [B.matrix(problem, theta) for B in matrices]
    g, *values = in_one_pass(problem, [batches.gradient_term], matrices, theta)
    return g, values


def in_one_pass(
    problem: Problem,
    terms: Sequence[batches.Term],
    matrices: Sequence[Curvature],
    theta: Array,
) -> list[Array]:
    """The means of the terms, and the matrices: those that are sums share the pass."""
    shared = [B.term for B in matrices if B.term]
    values = problem.mean_over_examples(theta, *terms, *shared)
    sums = iter(values[len(terms) :])
    rest = [next(sums) if B.term else B.matrix(problem, theta) for B in matrices]
    return values[: len(terms)] + rest


def _solved(
    problem: Problem,
    curvature: Curvature,
    theta: Array,
    B: Array,
    g: Array,
    damping: Array,
) -> Solution:
    """`solve_damped` for B (..., D, D), the matrix `curvature`, and g at theta (..., D)."""
    lead = np.broadcast_shapes(theta.shape[:-1], damping.shape)
    at = np.broadcast_to(theta, (*lead, problem.D)).reshape(-1, problem.D)

    def rows(i: int) -> Rows | None:
        with np.errstate(all="ignore"):
            return curvature.rows(problem, at[i])

    small = problem.N * problem.D <= _FACTORED
    return solve_damped(B, g, damping, terms=problem.N, rows=rows if small else None)


_FACTORED = 2**16
"""Above this many elements, factoring the rows at every step is too slow; their sum is used."""


def method_named(name: str) -> Method:
    if name not in METHODS:
        raise ValueError(f"unknown method {name!r}; there are {', '.join(METHODS)}")
    return METHODS[name]


def check_damping(damping: ArrayLike) -> Array:
    damping = np.asarray(damping, dtype=float)
    if not (damping >= 0).all():
        raise ValueError(f"damping must not be negative, got {damping}")
    return damping
