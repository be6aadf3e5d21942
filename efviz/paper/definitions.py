"""Sections 1, 3.1 and 3.2: the loss, the Fisher, the empirical Fisher, and their names."""

from dataclasses import replace

import numpy as np
import scipy
from numpy.polynomial.hermite import hermgauss
from numpy.random import default_rng

from efviz.arrays import Array
from efviz.curvature.agreement import symmetric_distance
from efviz.paper import independent
from efviz.paper.cases import CLASSES, apart, case, largest
from efviz.paper.claim import Claim, Link, Measures, at_least, at_most, exactly
from efviz.paper.formulas import Formulas
from efviz.problems import Problem, logistic_regression

ROUNDING, DERIVATIVES, EXPECTATIONS = 1e-12, 1e-9, 1e-9
"""Tolerances for equality up to rounding, numerical derivatives and quadrature."""


def loss(formulas: Formulas) -> Measures:
    """Differences of the loss compared with SciPy's distributions, as constants of p drop out."""

    def gap(problem: Problem, theta: Array) -> float:
        found, exact = (
            function(problem, theta) - function(problem, theta / 2)
            for function in (formulas.loss, independent.loss)
        )
        return abs(float(found - exact))

    yield at_most("largest difference from SciPy's log densities", largest(gap), ROUNDING)


def fisher(formulas: Formulas) -> Measures:
    gap = apart(formulas.fisher, independent.expected_outer)
    yield at_most("largest distance from the sum over all labels", gap, EXPECTATIONS)


def empirical_fisher(formulas: Formulas) -> Measures:
    gap = apart(formulas.empirical_fisher, independent.observed_outer)
    yield at_most("largest distance from the outer products of scores", gap, DERIVATIVES)


def expected_hessian(formulas: Formulas) -> Measures:
    """The second equality of Eqs. 4 and 22: the sides of the score and of the Hessian."""
    gap = apart(formulas.fisher, independent.expected_hessian)
    yield at_most("largest distance between F and E[−∇² log p]", gap, DERIVATIVES)


def joint_fisher(formulas: Formulas) -> Measures:
    """Logistic regression on x ~ N(0, 1): the integral over x by Gauss-Hermite quadrature."""
    theta, N = np.array([0.6, -0.4]), 40_000
    t, w = hermgauss(60)
    x, w = np.sqrt(2) * t, w / np.sqrt(np.pi)
    columns = np.stack([np.ones_like(x), x], axis=-1)
    p = scipy.special.expit(columns @ theta)
    each = (p * (1 - p))[:, None, None] * columns[:, :, None] * columns[:, None, :]
    mean = np.einsum("k,kij->ij", w, each)
    deviation = np.sqrt(np.einsum("k,kij->ij", w, each**2) - mean**2)
    drawn = default_rng(0).standard_normal(N)
    X = np.stack([np.ones(N), drawn], axis=-1)
    found = formulas.fisher(logistic_regression(X, np.zeros(N)), theta)
    errors = np.abs(found - mean) / (deviation / np.sqrt(N))
    words = f"F of {N:,} inputs minus the integral over x, in standard errors"
    yield at_most(words, errors.max(), 4)


def no_monte_carlo_estimate(formulas: Formulas) -> Measures:
    """At a wrong theta, EF stays away from F with more data; sampled labels approach it."""
    theta = np.array([0.0, 0.0])
    observed, sampled = [], []
    for N in (1_000, 100_000):
        problem = formulas.problem("fig4", N=N)
        F, drawn = formulas.fisher(problem, theta), default_rng(0)
        observed.append(symmetric_distance(formulas.empirical_fisher(problem, theta), F))
        sampled.append(symmetric_distance(formulas.mc_fisher(problem, theta, drawn, 1), F))
    yield at_least("‖EF − F‖/‖EF‖ at θ = 0, N = 100,000", observed[1], 0.5)
    yield at_most("with labels sampled from the model", sampled[1], 0.03)
    yield at_most("the latter relative to its value at N = 1,000", sampled[1] / sampled[0], 0.3)


def one_label_replaced(formulas: Formulas) -> Measures:
    """Section 1: EF is the Fisher's expression with y_n in place of the expectation."""

    def expected(problem: Problem, theta: Array) -> Array:
        y, weight = independent.labels(problem, theta)
        g = np.stack([formulas.gradients(replace(problem, y=label), theta) for label in y])
        return np.einsum("kn,kni,knj->ij", weight, g, g) / problem.N

    same = apart(expected, formulas.fisher, *CLASSES)
    other = min(apart(formulas.empirical_fisher, formulas.fisher, kind) for kind in CLASSES)
    yield at_most("distance to F of EF averaged over the model's labels", same, ROUNDING)
    yield at_least("distance to F of EF at the observed labels", other, 0.05)


def terminology(formulas: Formulas) -> Measures:
    printed = {
        ("joint_fisher", "statistics", "Fisher"),
        ("fisher", "statistics", "empirical Fisher"),
        ("fisher", "machine learning", "Fisher"),
        ("empirical_fisher", "machine learning", "empirical Fisher"),
    }
    known = {
        (matrix, name.field, name.words)
        for matrix, term in formulas.vocabulary.items()
        for name in term.names
    }
    gap = apart(formulas.fisher, formulas.empirical_fisher, "logistic")
    yield exactly("names of Table 1, of 4, in the vocabulary", len(printed & known), 4)
    yield at_least("distance between the two matrices called “empirical Fisher”", gap, 0.1)


def gradient_descent(formulas: Formulas) -> Measures:
    """theta - step B^-1 nabla L with B = I, F, H: from derivatives of SciPy's log densities."""
    problem, theta = case("nonlinear")
    g = independent.gradient(problem, theta)
    matrices = {
        "GD": np.eye(2),
        "NGD": independent.expected_outer(problem, theta),
        "Newton": independent.hessian(problem, theta),
    }
    worst = 0.0
    for method, B in matrices.items():
        after = formulas.run(problem, method, theta, step_size=0.3, n_steps=1).final_theta
        expected = theta - 0.3 * np.linalg.solve(B, g)
        worst = max(worst, float(np.linalg.norm(after - expected) / np.linalg.norm(expected)))
    yield at_most("largest relative difference of a step", worst, DERIVATIVES)


CLAIMS = (
    Claim(
        "eq-1", "equation", "Eq. 1", "1",
        "The loss is the negative log-likelihood of the examples.",
        loss, Link("vector-fields", "problem=fig2"),
        differs="Printed as a sum over n; the authors' code and this dashboard use the mean.",
    ),
    Claim(
        "preconditioned-step", "equation", "θ − γ B⁻¹∇L", "1",
        "Preconditioned steps: B = I gives gradient descent, the Hessian Newton's method, and the "
        "Fisher natural gradient descent.",
        gradient_descent, Link("vector-fields", "problem=saturation"),
    ),
    Claim(
        "eq-2-6", "equation", "Eqs. 2, 6", "1",
        "The Fisher takes the expectation over the model's own labels at each input.",
        fisher, Link("four-matrices", "problem=softmax&theta=1,-1"),
        differs="Printed as a sum over n; divided by N in the code and here, like all matrices.",
    ),
    Claim(
        "eq-3-7", "equation", "Eqs. 3, 7", "1",
        "The empirical Fisher uses the observed labels instead.",
        empirical_fisher, Link("four-matrices", "problem=fig2&theta=1,1"),
        differs="Printed as a sum over n; divided by N in the code and here.",
    ),
    Claim(
        "label-for-expectation", "conclusion", "Section 1", "1",
        "EF merely replaces the expectation over y with y_n, but y_n is not a sample from the "
        "model.",
        one_label_replaced, Link("four-matrices", "problem=fig2&theta=1,1"),
    ),
    Claim(
        "eq-4-22", "equation", "Eqs. 4, 22", "3.1",
        "The expected outer product of the scores equals the expected Hessian of −log p.",
        expected_hessian, Link("four-matrices", "problem=poisson&theta=1,0"),
    ),
    Claim(
        "eq-5", "equation", "Eq. 5", "3.2",
        "The Fisher of the joint distribution also averages over the inputs; the Fisher at the "
        "observed inputs estimates it.",
        joint_fisher, Link("four-matrices", "problem=fig2&theta=1,1&closer=words"),
    ),
    Claim(
        "not-monte-carlo", "conclusion", "Section 3.2", "3.2",
        "The empirical Fisher is not a Monte Carlo estimate of the Fisher, however large N is.",
        no_monte_carlo_estimate, Link("at-the-minimum", "problem=fig4&path=quadratic&s=1"),
    ),
    Claim(
        "table-1", "table", "Table 1", "3.2",
        "“Empirical Fisher” means Eq. 6 in statistics and Eq. 7 in machine learning.",
        terminology, Link("four-matrices", "problem=fig2&theta=1,1&closer=words"),
    ),
)  # fmt: skip
