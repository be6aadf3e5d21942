"""A method is a preconditioner: theta_{t+1} = theta_t - step_size (B(theta_t) + damping I)^{-1} g.

METHODS lists them (Kunstner et al. (2019), Eqs. 50-52); `direction` is one preconditioned gradient.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.curvature import CURVATURES
from efviz.curvature.improved import WEIGHTED_GRADIENT, Vector
from efviz.curvature.matrices import Curvature
from efviz.numerics.linalg import Rows, Solution, power_damped, solve_damped
from efviz.problems import Problem, batches
from efviz.problems.declared import asking
from efviz.style import AMBER, BLUE, GREEN, PURPLE, RED, SLATE, Style

Rule = Callable[[Problem, Array, Array], Array]


@dataclass(frozen=True)
class Method:
    """The direction (B + damping I)^(-exponent) g of a matrix B, or one of its own `rule`.

    `curvature` is B, or its key in CURVATURES; None for B = I, which takes no damping (Eq. 50).
    `vector` takes the place of g; None for the gradient itself.
    `diagonal`: only the diagonal of B counts. `relative`: the damping is in units of tr(B) / D.
    `units` (D,): all this happens in the parameters units * theta, and the update is taken back to
    theta: with U = diag(units), U^-1 (U^-1 B U^-1 + damping I)^(-exponent) U^-1 g.

    `rule(problem, theta (..., D), damping (...))` returns the direction (..., D), which is
    subtracted; with `batched` False, theta is (D,) and damping a number. Unless `damped` is stated,
    a rule is called with a damping of 0, and the dampings of a sweep are all the same to it.

    `step_size` and `damping` are where the pages begin. `style` is how it is drawn; without one it
    gets a place in a palette.
    """

    title: str
    curvature: str | Curvature | None = None
    exponent: float = 1.0
    vector: Vector | None = None
    diagonal: bool = False
    relative: bool = False
    units: tuple[float, ...] = ()
    rule: Rule | None = None
    batched: bool = True
    damped: bool = False
    step_size: float = 1.0
    damping: float = 1e-8
    style: Style | None = None

    def __post_init__(self) -> None:
        if self.rule is not None and (self.curvature is not None or self.varied):
            raise ValueError(
                f"the method {self.title!r} has a rule of its own: it takes no matrix, exponent, "
                "diagonal, relative damping or units beside it"
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
        if self.rule or self.diagonal or self.relative or self.units:
            return False
        return self.matrix is None or self.matrix.rotates

    @property
    def varied(self) -> bool:
        """Whether the matrix is used otherwise than in (B + damping I)^-1 in theta itself."""
        return bool(self.diagonal or self.relative or self.units or self.exponent != 1)

    @property
    def term(self) -> batches.Term:
        """The sum over examples whose mean the matrix multiplies."""
        return self.vector.term if self.vector else batches.gradient_term

    @property
    def plain(self) -> bool:
        """Whether its direction solves one linear system per theta, made of B and g themselves."""
        return self.rule is None and not self.varied

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
            x = x / self.units_of(problem.D) ** 2 if self.units else x
        else:
            rows = self._rows(problem, theta, lead)
            return self.precondition(B, g, damping, terms=problem.N, rows=rows)
        return Solution(x, np.zeros(lead, dtype=bool))

    def precondition(
        self,
        B: Array,
        g: Array,
        damping: Array,
        *,
        terms: int,
        rows: Callable[[int], Rows | None] | None = None,
    ) -> Solution:
        """The direction for a known B (..., D, D), a mean over `terms` examples, and g (..., D).

        `rows(i)` are those from which the i-th B and g of the flattened batch were formed.
        """
        D = g.shape[-1]
        u = self.units_of(D)
        if self.units:
            B, g = B / np.outer(u, u), g / u
        if self.relative:
            damping = damping * np.trace(B, axis1=-2, axis2=-1) / D
        if self.diagonal or self.exponent != 1:
            x, deficient = power_damped(
                B, g, damping, self.exponent, diagonal=self.diagonal, terms=terms
            )
        else:
            x, deficient = solve_damped(B, g, damping, terms=terms, rows=rows)
        return Solution(x / u if self.units else x, deficient)

    def units_of(self, D: int) -> Array:
        """The units (D,); 1 for all parameters if none are stated."""
        if self.units and len(self.units) != D:
            raise ValueError(f"units must have {D} numbers, one per parameter, got {self.units}")
        return np.array(self.units or (1.0,) * D)

    def _rows(
        self, problem: Problem, theta: Array, lead: tuple[int, ...]
    ) -> Callable[[int], Rows | None] | None:
        """The rows of its systems at theta (..., D), where taking them is not too slow."""
        matrix = self.matrix
        if matrix is None or problem.N * problem.D > _FACTORED:
            return None
        made_of = self.vector.rows if self.vector else matrix.rows
        at = np.broadcast_to(theta, (*lead, problem.D)).reshape(-1, problem.D)
        u = self.units_of(problem.D)

        def rows(i: int) -> Rows | None:
            with np.errstate(all="ignore"):
                found = made_of(problem, at[i])
            return found and Rows(found.A / u, found.b)

        return rows

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
    "iEFGD": Method(
        "Gradient descent preconditioned by the improved empirical Fisher",
        "improved_empirical_fisher",
        style=GREEN.named("improved EF"),
    ),
    "iEF": Method(
        "Update of the improved empirical Fisher (Wu et al. 2024, Eq. 8)",
        "empirical_fisher",
        vector=WEIGHTED_GRADIENT,
        style=PURPLE.named("update of improved EF"),
    ),
}


Methods = Sequence[str] | Mapping[str, Method]
"""Keys of METHODS, or declarations by name."""

STRUCTURES = ("full", "diagonal")


def varied(
    methods: Sequence[str],
    *,
    exponent: float = 1.0,
    structure: str = "full",
    relative: bool = False,
    units: Sequence[float] = (),
) -> dict[str, Method]:
    """The methods with these names, with their matrices used in another way; see `Method`.

    `exponent` multiplies that of the method: 0 makes it gradient descent, 1/2 takes the root as in
    Adam and Shampoo. `structure`: "full" or "diagonal". `units` also change gradient descent, which
    has no matrix; methods with a rule of their own stay as they are.
    """
    if not 0 <= exponent <= 1:
        raise ValueError(f"exponent must be between 0 and 1, got {exponent!r}")
    if structure not in STRUCTURES:
        raise ValueError(f"unknown structure {structure!r}; there are {', '.join(STRUCTURES)}")
    if any(not (np.isfinite(unit) and unit > 0) for unit in units):
        raise ValueError(f"units must be positive, got {units!r}")

    def changed(one: Method) -> Method:
        if one.rule is not None:
            return one
        if one.matrix is None:
            return replace(one, units=tuple(units))
        return replace(
            one,
            exponent=exponent * one.exponent,
            diagonal=one.diagonal or structure == "diagonal",
            relative=one.relative or relative,
            units=tuple(units),
        )

    return {name: changed(method_named(name)) for name in methods}


def varied_method(
    method: str, *, exponent: float = 1.0, structure: str = "full", relative: bool = False
) -> Method:
    """`varied` for one method."""
    return varied([method], exponent=exponent, structure=structure, relative=relative)[method]


def direction(
    problem: Problem, method: str | Method, theta: ArrayLike, *, damping: ArrayLike = 0.0
) -> Solution:
    """(B + damping I)^{-1} gradient: theta (..., D) -> x (..., D); the update subtracts it.

    `method` is a key of METHODS, or a declaration. Where the damped matrix is singular, x has
    minimum norm and `rank_deficient` (...) is True.
    """
    return directions(problem, {"": method_named(method)}, theta, damping=damping)[""]


def directions(
    problem: Problem, methods: Methods, theta: ArrayLike, *, damping: ArrayLike = 0.0
) -> dict[str, Solution]:
    """`direction` of several methods at the same theta, in one pass over the data.

    damping broadcasts against the leading axes of theta; each theta is evaluated once.
    """
    theta = problem.check_theta(theta)
    damping = check_damping(damping)
    chosen = chosen_methods(methods)
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
    return {name: restored[name] for name in chosen}


def _directions(
    problem: Problem, chosen: Mapping[str, Method], theta: Array, damping: Array
) -> dict[str, Solution]:
    if not chosen:
        return {}
    matrices = {id(B): B for method in chosen.values() if (B := method.matrix)}
    terms = list(dict.fromkeys(method.term for method in chosen.values()))
    means, values = means_and(problem, terms, list(matrices.values()), theta)
    g, known = dict(zip(terms, means, strict=True)), dict(zip(matrices, values, strict=True))
    return {
        name: method.direction(
            problem, theta, g[method.term], known.get(id(method.matrix)), damping
        )
        for name, method in chosen.items()
    }


def means_and(
    problem: Problem, terms: Sequence[batches.Term], matrices: Sequence[Curvature], theta: Array
) -> tuple[list[Array], list[Array]]:
    """The means of the terms and the matrices at theta (..., D), in one pass where it takes one."""
    if problem.moments and all(term is batches.gradient_term for term in terms):
        return [problem.gradient(theta)], [B.matrix(problem, theta) for B in matrices]
    found = in_one_pass(problem, terms, matrices, theta)
    return found[: len(terms)], found[len(terms) :]


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


_FACTORED = 2**16
"""Above this many elements, factoring the rows at every step is too slow; their sum is used."""


def method_named(method: str | Method) -> Method:
    """The method with this key in METHODS; a declaration is itself."""
    if isinstance(method, Method):
        return method
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; there are {', '.join(METHODS)}")
    return METHODS[method]


def chosen_methods(methods: Methods) -> dict[str, Method]:
    """Declarations by name."""
    named = methods.items() if isinstance(methods, Mapping) else ((one, one) for one in methods)
    return {name: method_named(one) for name, one in named}


def check_damping(damping: ArrayLike) -> Array:
    damping = np.asarray(damping, dtype=float)
    if not (damping >= 0).all():
        raise ValueError(f"damping must not be negative, got {damping}")
    return damping
