"""Sections 3.3 and 3.4 with Appendix C: the Gauss-Newton matrix, Propositions 1 and 2."""

from dataclasses import replace

import numpy as np

from efviz.arrays import Array
from efviz.curvature.agreement import symmetric_distance
from efviz.curvature.remainder_bound import RemainderBound, ray, remainder_bound
from efviz.paper import independent
from efviz.paper.cases import KINDS, NATURAL, apart, case, largest, with_residuals
from efviz.paper.claim import Claim, Link, Measures, about, at_least, at_most
from efviz.paper.definitions import DERIVATIVES, EXPECTATIONS
from efviz.paper.formulas import Formulas
from efviz.problems import Problem

PARTS = 1e-9
"""Tolerance for sums of second derivatives of single outputs."""


def _weighed_curvature(problem: Problem, theta: Array, weights: Array) -> Array:
    """1/N sum_nc weights_nc d2f_nc / dtheta2, numerically."""
    weighed = independent.second_derivative(
        lambda t: (independent.outputs(problem, t) * weights).sum((-2, -1)), theta
    )
    return weighed / problem.N


def _output_scores(problem: Problem, theta: Array, y: Array) -> Array:
    """nabla_f log p(y | f) for labels (K, N), numerically: (K, N, C)."""
    f = independent.outputs(problem, theta)

    # All examples are shifted alike, as the density of each depends on its own outputs only.
    def shifted(d: Array) -> Array:
        moved = (f + d[..., None, :])[..., None, :, :]
        return independent.log_density(problem.likelihood, moved, y)

    return independent.jacobian(shifted, np.zeros(problem.model.n_outputs))


def curvature_by_hand(problem: Problem, theta: Array) -> Array:
    """d2/df2 of -log p(y_n | f) (N, C, C), differentiated by hand for each likelihood."""
    f = independent.outputs(problem, theta)
    name = problem.likelihood.name
    if name == "categorical":
        p = np.exp(f) / np.exp(f).sum(-1, keepdims=True)
        return p[:, :, None] * np.eye(f.shape[-1]) - p[:, :, None] * p[:, None, :]
    p = 1 / (1 + np.exp(-f[:, 0]))
    h = {
        "gaussian": np.full(problem.N, getattr(problem.likelihood, "sigma", 1.0) ** -2),
        "bernoulli": p * (1 - p),
        "poisson": np.exp(f[:, 0]),
        "exponential": problem.y * np.exp(f[:, 0]),
    }[name]
    return h[:, None, None]


def by_parts(problem: Problem, theta: Array) -> Array:
    """1/N sum_n J_n^T H_n J_n, with H_n at the observed labels from `curvature_by_hand`."""
    J, H = independent.output_jacobians(problem, theta), curvature_by_hand(problem, theta)
    return np.einsum("nci,ncd,ndj->ij", J, H, J) / problem.N


def _least_squares_hessian(formulas: Formulas) -> Measures:
    def whole(problem: Problem, theta: Array) -> Array:
        r = independent.outputs(problem, theta) - problem.y[:, None]
        return by_parts(problem, theta) + _weighed_curvature(problem, theta, r) / 0.5**2

    G = apart(formulas.ggn, by_parts, "nonlinear")
    H = apart(formulas.hessian, whole, "nonlinear")
    yield at_most("distance between G and ∇f ∇fᵀ", G, PARTS)
    yield at_most("distance between H and ∇f ∇fᵀ + r ∇²f", H, PARTS)


def _perfect_fit(formulas: Formulas) -> Measures:
    problem, theta = case("nonlinear")
    gap, other = (
        symmetric_distance(formulas.ggn(p, theta), independent.hessian(p, theta))
        for p in (with_residuals(problem, theta, 0), problem)
    )
    yield at_most("‖H − G‖/‖H‖ with all residuals zero", gap, PARTS)
    yield at_least("the same with noise", other, 0.01)


def _splits(formulas: Formulas) -> Measures:
    def gap(problem: Problem, theta: Array) -> float:
        H = independent.hessian(problem, theta)
        return max(
            symmetric_distance(split.ggn(problem, theta) + split.remainder(problem, theta), H)
            for split in formulas.splits.values()
        )

    cases = f"{len(formulas.splits)} splits, {len(KINDS)} problems"
    yield at_most(f"largest distance between G + R and H, {cases}", largest(gap), PARTS)


def _ggn(formulas: Formulas) -> Measures:
    (problem, _), bent = case("nonlinear"), np.array([-2.0, 0.3])
    lowest = [np.linalg.eigvalsh(m(problem, bent))[0] for m in (formulas.ggn, formulas.hessian)]
    gap = apart(formulas.ggn, by_parts)
    yield at_most("largest distance between G and Jᵀ ∇²a J, derived by hand", gap, PARTS)
    yield at_least("smallest eigenvalue of G, nonlinear model", lowest[0], 0.0)
    yield at_most("smallest eigenvalue of H there", lowest[1], -1e-3)


def _two_splits(formulas: Formulas) -> Measures:
    canonical, parameters = (formulas.splits[key].ggn for key in ("canonical", "parameters"))
    first = apart(canonical, by_parts, "nonlinear")
    second = apart(parameters, independent.hessian, "nonlinear")
    yield at_most("distance of the left split from Gauss–Newton", first, PARTS)
    yield at_most("distance of the right split from H", second, PARTS)


def _proposition_1(formulas: Formulas) -> Measures:
    gap = apart(formulas.ggn, independent.expected_outer, *NATURAL)
    other = apart(formulas.ggn, independent.expected_outer, "rates")
    yield at_most("largest distance between G and F by quadrature, f natural", gap, EXPECTATIONS)
    yield at_least("distance where f is the logarithm of the natural parameter", other, 0.05)


def _along_a_ray(formulas: Formulas) -> tuple[Problem, RemainderBound, Array]:
    """Proposition 2 across the box of the nonlinear problem in which beta is valid; |H - G|_2."""
    problem = formulas.problem("saturation", N=60)
    low, high = np.array([1.0, 0.2]), np.array([3.0, 2.2])
    bound = remainder_bound(problem, ray([1.1, 2.0], [2.9, 0.3], low, high, 60), low, high)
    gap = formulas.hessian(problem, bound.thetas) - formulas.ggn(problem, bound.thetas)
    return problem, bound, np.linalg.norm(gap, ord=2, axis=(-2, -1))


def _proposition_2(formulas: Formulas) -> Measures:
    _, bound, norm = _along_a_ray(formulas)
    sides = formulas.bounded(bound) / bound.proved
    own = np.abs(norm - bound.norm).max() / norm.max()
    printed = bound.N * norm**2 / bound.proved
    yield at_most("largest ‖H − G‖₂ / (r β), as proved", sides.max(), 1.0)
    yield at_most("difference of its norm from the largest singular value of H − G", own, 1e-9)
    yield at_least("largest N ‖H − G‖₂² / (r β), as printed", printed.max(), 1.0)


def _exact_if_fitted(formulas: Formulas) -> Measures:
    (problem, theta), s = case("nonlinear"), (1.0, 0.1, 0.01)
    shrunk = [with_residuals(problem, theta, scale) for scale in s]
    gaps = [np.linalg.norm(formulas.hessian(p, theta) - formulas.ggn(p, theta), 2) for p in shrunk]
    yield about("exponent p of ‖H − G‖ ∝ residualsᵖ", independent.power(s, gaps), 1, 0.001)


def _chain_rule(formulas: Formulas) -> Measures:
    def gap(problem: Problem, theta: Array) -> float:
        J = independent.output_jacobians(problem, theta)
        (r,) = _output_scores(problem, theta, problem.y[None])
        by_chain = -np.einsum("nci,nc->ni", J, r)
        return np.abs(formulas.gradients(problem, theta) - by_chain).max() / np.abs(by_chain).max()

    words = "largest difference between ∇θ log p and Jᵀ ∇f log p"
    yield at_most(words, largest(gap), DERIVATIVES)


def _proof_1(formulas: Formulas) -> Measures:
    """Eqs. 41 to 43: Jacobians move out of the expectation, then scores become Hessians."""

    def expected_scores(problem: Problem, theta: Array) -> Array:
        y, weight = independent.labels(problem, theta)
        r = _output_scores(problem, theta, y)
        return np.einsum("kn,knc,knd->ncd", weight, r, r)

    def taken_out(problem: Problem, theta: Array) -> Array:
        J = independent.output_jacobians(problem, theta)
        return np.einsum("nci,ncd,ndj->ij", J, expected_scores(problem, theta), J) / problem.N

    def expected_hessians(problem: Problem, theta: Array) -> Array:
        f, (y, weight) = independent.outputs(problem, theta), independent.labels(problem, theta)
        own = problem.likelihood
        # A Gaussian with the sigma of the problem, where others have no parameters.
        kept = own if own.name == "gaussian" else formulas.likelihoods[own.name]()
        return np.einsum("kn,kncd->ncd", weight, np.stack([kept.hessian(f, v) for v in y]))

    outer, inner = apart(formulas.fisher, taken_out), apart(expected_scores, expected_hessians)
    yield at_most("largest distance between F and Jᵀ E[∇f ∇fᵀ] J", outer, PARTS)
    yield at_most("largest distance between E[∇f log p ∇f log pᵀ] and E[−∇²f log p]", inner, PARTS)


def _independent_of_y(formulas: Formulas) -> Measures:
    spread = 0.0
    for name in ("bernoulli", "poisson", "categorical", "gaussian"):
        likelihood = formulas.likelihoods[name]()
        f = np.linspace(-2, 2, 12).reshape(-1, 2 if name == "categorical" else 1)
        hessians = [likelihood.hessian(f, np.full(len(f), label)) for label in (0.0, 1.0)]
        spread = max(spread, float(np.abs(hessians[1] - hessians[0]).max()))
    rates = formulas.likelihoods["exponential"]()
    f = np.linspace(-1, 1, 6)[:, None]
    other = np.abs(rates.hessian(f, np.full(6, 1.0)) - rates.hessian(f, np.full(6, 2.0))).max()
    yield at_most("largest change of ∇²f(−log p) with y, f natural", spread, 0.0)
    yield at_least("the same where f is not natural", other, 0.1)


def _remainder(formulas: Formulas) -> Measures:
    problem, theta = case("nonlinear")
    (score,) = _output_scores(problem, theta, problem.y[None])
    rest = independent.hessian(problem, theta) - formulas.ggn(problem, theta)
    right, wrong = (
        symmetric_distance(rest, _weighed_curvature(problem, theta, sign * score))
        for sign in (-1, 1)
    )
    yield at_most("distance between H − G and Σ r ∇²f, r the slope of −log p", right, PARTS)
    yield at_least("the same with the printed sign", wrong, 1.0)


def _absolute_values(formulas: Formulas) -> Measures:
    """Residuals that sum to zero, but with a remainder that is not zero."""
    problem, theta = case("nonlinear")
    r = np.where(problem.X[:, 0] > np.median(problem.X[:, 0]), 1.0, -1.0)
    r -= r.mean()
    problem = replace(problem, y=independent.outputs(problem, theta)[:, 0] - r)
    norm = np.linalg.norm(formulas.hessian(problem, theta) - formulas.ggn(problem, theta), 2)
    beta = problem.model.smoothness(problem.X, theta, theta)
    r = problem.likelihood.gradient(independent.outputs(problem, theta), problem.y)
    inside, outside = np.abs(r).mean() * beta, abs(r.mean()) * beta
    yield at_most("‖H − G‖ / (β Σ|r|), absolute values inside", norm / inside, 1.0)
    yield at_least("‖H − G‖ minus β |Σ r|, the printed bound", norm - outside, 0.05)


def _triangle(formulas: Formulas) -> Measures:
    problem, bound, norm = _along_a_ray(formulas)
    r = (independent.outputs(problem, bound.thetas)[..., 0] - problem.y) / 0.2**2
    plain, absolute = np.abs(r.mean(-1)), np.abs(r).mean(-1)
    apart_by = np.abs(absolute / bound.residual - 1).max()
    yield at_most("|Σ r| / Σ|r|, largest along the path", (plain / absolute).max(), 1.0)
    yield at_most("relative difference between Σ|r| and r(θ) of the bound", apart_by, 1e-9)
    yield at_most("‖H − G‖₂ / (β Σ|r|)", (norm / (absolute * bound.beta)).max(), 1.0)


_BOUND = "problem=saturation&theta=1.5,1.5&closer=bound"

CLAIMS = (
    Claim(
        "eq-8", "equation", "Eq. 8", "3.3",
        "For least squares, the Hessian is the Gauss–Newton matrix plus the residuals times the "
        "curvature of f.",
        _least_squares_hessian, Link("four-matrices", "problem=saturation&theta=1.5,1.5"),
        differs="The loss there has σ = 1; for other σ both parts are divided by σ².",
    ),
    Claim(
        "perfect-fit", "conclusion", "Section 3.3", "3.3",
        "If the model fits the data perfectly, the Gauss–Newton matrix equals the Hessian.",
        _perfect_fit, Link("four-matrices", "problem=saturation&theta=1.5,1.5&closer=residuals"),
    ),
    Claim(
        "eq-9", "equation", "Eq. 9", "3.3",
        "Every split a(b(θ)) of the loss decomposes the Hessian into a GGN and a remainder.",
        _splits, Link("four-matrices", "problem=saturation&theta=1.5,1.5&closer=splits"),
    ),
    Claim(
        "eq-10", "equation", "Eq. 10", "3.3",
        "The generalized Gauss–Newton matrix is Jᵀ ∇²a J, positive semi-definite even where H is "
        "not.",
        _ggn, Link("four-matrices", "problem=saturation&theta=1.5,1.5"),
    ),
    Claim(
        "eq-11", "equation", "Eq. 11", "3.3",
        "It depends on the split: one gives the classical Gauss–Newton matrix, another the "
        "Hessian.",
        _two_splits, Link("four-matrices", "problem=saturation&theta=1.5,1.5&closer=splits"),
    ),
    Claim(
        "prop-1", "proposition", "Prop. 1, Eq. 12", "3.4",
        "If f is the natural parameter of an exponential family, the Fisher equals the GGN.",
        _proposition_1, Link("four-matrices", "problem=poisson&theta=1,0"),
        differs="“The GGN of Eq. (1)” is that of the canonical split. The proof is in Appendix "
        "C.1, not in Appendix A, and prints the formula without the minus of the main text.",
    ),
    Claim(
        "prop-2", "proposition", "Prop. 2, Eqs. 13, 45", "3.4",
        "The spectral norm of H − G is at most the residuals times the smoothness of f.",
        _proposition_2, Link("four-matrices", _BOUND),
        differs="Printed with the square of the norm, which is false; the proof has the norm "
        "itself. In means, the printed claim is N ‖H − G‖² ≤ r β, which depends on the unit of the "
        "loss.",
    ),
    Claim(
        "exact-if-fitted", "conclusion", "Section 3.4", "3.4",
        "The approximation improves as residuals shrink and is exact if the data are fitted.",
        _exact_if_fitted, Link("four-matrices", _BOUND.replace("bound", "residuals")),
    ),
    Claim(
        "eq-40", "equation", "Eq. 40", "C.1",
        "By the chain rule, a score is the transposed Jacobian of f times the score in f.",
        _chain_rule, Link("gradient-noise", "problem=saturation&theta=1.5,1.5"),
    ),
    Claim(
        "eq-41-43", "equation", "Eqs. 41, 42, 43", "C.1",
        "The Jacobians move out of the expectation, where outer products then become Hessians.",
        _proof_1, Link("four-matrices", "problem=softmax&theta=1,-1"),
    ),
    Claim(
        "eq-44", "equation", "Eq. 44", "C.1",
        "The Hessian of −log p in a natural parameter does not depend on y.",
        _independent_of_y, Link("four-matrices", "problem=poisson&theta=1,0"),
    ),
    Claim(
        "eq-46", "equation", "Eq. 46", "C.2",
        "The Hessian is G plus the slopes of −log p in f times the curvature of f.",
        _remainder, Link("four-matrices", _BOUND),
        differs="The formula has the slope of log p; the text below it has that of −log p, which "
        "is correct.",
    ),
    Claim(
        "eq-47", "equation", "Eq. 47", "C.2",
        "H − G lies between −β and β times the sum of the slopes.",
        _absolute_values, Link("four-matrices", _BOUND),
        differs="Printed with the absolute value of the sum, which fails where residuals cancel; "
        "the absolute values belong inside the sum.",
    ),
    Claim(
        "eq-48", "equation", "Eq. 48", "C.2",
        "The sum of the slopes is at most the sum of their 1-norms, which proves Proposition 2.",
        _triangle, Link("four-matrices", _BOUND),
    ),
)  # fmt: skip
