"""Appendix A.1: steepest descent, the KL divergence and the two forms of the Fisher."""

from dataclasses import replace

import numpy as np

from efviz.arrays import Array
from efviz.curvature.agreement import symmetric_distance
from efviz.paper import independent
from efviz.paper.cases import apart, case, largest
from efviz.paper.claim import Claim, Link, Measures, about, at_least, at_most
from efviz.paper.definitions import EXPECTATIONS, ROUNDING
from efviz.paper.formulas import Formulas
from efviz.problems import Problem, logistic_regression

_DISCRETE = ("logistic", "softmax", "Poisson")


def _steepest(formulas: Formulas) -> Measures:
    (problem, theta), radii = case("logistic"), np.array([1e-1, 1e-2, 1e-3])
    g = problem.gradient(theta)
    plain = formulas.descent(problem, theta, "euclidean", radii)
    to_gradient = np.linalg.norm((plain.minimisers[-1] - theta) / radii[-1] + g / np.linalg.norm(g))
    kl = formulas.descent(problem, theta, "kl", radii)
    natural = np.linalg.solve(independent.expected_outer(problem, theta), g)
    limit = -natural / np.sqrt(g @ natural)
    to_natural = np.linalg.norm((kl.minimisers[-1] - theta) / radii[-1] - limit)
    # A ball of size eps in KL itself has the radius sqrt(2 eps) here.
    eps = radii**2 / 2
    power = independent.power(eps, np.linalg.norm(kl.minimisers - theta, axis=-1) / eps)
    yield at_most("Euclidean distance: |δ/ε + ∇L/|∇L|| at ε = 0.001", to_gradient, 2e-3)
    yield at_most("√(2 KL): difference of δ/ε from its limit along −F⁻¹∇L", to_natural, 2e-3)
    yield about("exponent p of |δ|/ε ∝ εᵖ with KL itself", power, -0.5, 0.05)


def _hessian_of_divergence(formulas: Formulas) -> Measures:
    def gap(moved_first: bool) -> float:
        def hessian(problem: Problem, theta: Array) -> Array:
            return independent.second_derivative(
                lambda d: formulas.divergence(problem, theta, d, moved_first=moved_first),
                np.zeros(2),
            )

        return apart(hessian, formulas.fisher)

    yield at_most("largest distance between F and the Hessian of KL(p_θ ‖ p_θ′)", gap(False), 1e-7)
    yield at_most("largest distance for the other order", gap(True), 1e-7)


def _curved_term(problem: Problem, theta: Array) -> Array:
    """E[-(1/p) nabla^2 p], the sum of -nabla^2 p over all labels."""
    y, _ = independent.labels(problem, theta)
    return independent.second_derivative(
        lambda t: -np.exp(independent.log_densities(problem, t, y)).sum((-2, -1)) / problem.N, theta
    )


def _outer_term(problem: Problem, theta: Array) -> Array:
    """E[(1/p^2) nabla p nabla p^T] over all labels."""
    y, _ = independent.labels(problem, theta)

    def p(t: Array) -> Array:
        return np.exp(independent.log_densities(problem, t, y))

    value, slopes = p(theta), independent.jacobian(p, theta)
    seen = value > 1e-290
    return slopes[seen].T @ (slopes[seen] / value[seen, None]) / problem.N


def _chain_rule_of_log(formulas: Formulas) -> Measures:
    def both_terms(problem: Problem, theta: Array) -> Array:
        return _curved_term(problem, theta) + _outer_term(problem, theta)

    gap = max(
        apart(matrix, both_terms, *_DISCRETE)
        for matrix in (independent.expected_hessian, formulas.fisher)
    )
    yield at_most("largest distance of F and E[−∇² log p] from the sum", gap, EXPECTATIONS)


def _vanishing_term(formulas: Formulas) -> Measures:
    def share(problem: Problem, theta: Array) -> float:
        curved, F = _curved_term(problem, theta), formulas.fisher(problem, theta)
        return np.abs(curved).max() / np.abs(F).max()

    without = apart(formulas.fisher, independent.expected_hessian, *_DISCRETE)
    yield at_most("largest |Σ_y ∇²p| relative to F", largest(share, _DISCRETE), EXPECTATIONS)
    yield at_most("distance between F, without that part, and E[−∇² log p]", without, EXPECTATIONS)


def _expected_outer(formulas: Formulas) -> Measures:
    gap = apart(formulas.fisher, _outer_term, *_DISCRETE)
    yield at_most("largest distance between F and E[∇p ∇pᵀ / p²]", gap, EXPECTATIONS)


def _labels_as_the_model(formulas: Formulas) -> Measures:
    """p = 3/4 at x = 1 and 1/4 at x = -1, and labels in exactly these shares."""
    X = np.repeat([[1.0], [-1.0]], 4, axis=0)
    y = np.array([1.0, 1, 1, 0, 1, 0, 0, 0])
    problem, theta = logistic_regression(X, y), np.array([np.log(3)])
    F = formulas.fisher(problem, theta)
    ef, h = (
        symmetric_distance(F, matrix(problem, theta))
        for matrix in (formulas.empirical_fisher, formulas.hessian)
    )
    turned = formulas.empirical_fisher(replace(problem, y=1 - y), theta)
    yield at_most("distances of EF and H from F", max(ef, h), ROUNDING)
    yield at_least("distance of EF with swapped labels from F", symmetric_distance(F, turned), 0.1)


_BALLS = Link("four-matrices", "problem=fig2&theta=1,1&closer=descent")

CLAIMS = (
    Claim(
        "eq-20", "equation", "Eq. 20", "A.1",
        "The direction of steepest descent is a limit that depends on the distance: along the "
        "gradient for the Euclidean distance, along the natural gradient for the KL divergence.",
        _steepest, _BALLS,
        differs="With d = KL, as printed, δ/ε grows like ε^(−1/2) and has no limit. The distance "
        "√(2 KL) must be meant, whose direction is the same.",
    ),
    Claim(
        "eq-21", "equation", "Eq. 21", "A.1",
        "The Hessian of the KL divergence at θ′ = θ is the Fisher.",
        _hessian_of_divergence, _BALLS,
        differs="The text before it has the other order, KL(p_θ′ ‖ p_θ). Both orders have this "
        "Hessian.",
    ),
    Claim(
        "eq-23", "equation", "Eq. 23", "A.1",
        "By the chain rule, E[−∇² log p] is a term with ∇²p plus a term with ∇p ∇pᵀ.",
        _chain_rule_of_log, Link("four-matrices", "problem=softmax&theta=1,-1"),
    ),
    Claim(
        "eq-24", "equation", "Eq. 24", "A.1",
        "The term with ∇²p is zero, because probabilities sum to one.",
        _vanishing_term, Link("four-matrices", "problem=softmax&theta=1,-1"),
        differs="The integral loses its minus sign between two lines, which does not matter for "
        "zero.",
    ),
    Claim(
        "eq-25", "equation", "Eq. 25", "A.1",
        "The other term is the expected outer product of the scores.",
        _expected_outer, Link("four-matrices", "problem=softmax&theta=1,-1"),
    ),
    Claim(
        "labels-as-the-model", "conclusion", "Appendix A.1, end", "A.1",
        "If the labels are distributed as the model predicts, F, EF and H are equal.",
        _labels_as_the_model, Link("at-the-minimum", "problem=fig2&s=0"),
    ),
)  # fmt: skip
