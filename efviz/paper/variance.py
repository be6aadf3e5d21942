"""Section 5: the empirical Fisher as the second moment of noisy gradients."""

from dataclasses import replace

import numpy as np
import scipy
from numpy.random import default_rng

from efviz.arrays import Array
from efviz.curvature.distance import relative_distance
from efviz.curvature.gradient_noise import expected_error
from efviz.optimizers.stochastic import Seen
from efviz.paper import independent
from efviz.paper.cases import case, largest
from efviz.paper.claim import Claim, Link, Measures, about, at_least, at_most
from efviz.paper.definitions import DERIVATIVES
from efviz.paper.formulas import Formulas
from efviz.problems import Problem
from efviz.problems.likelihoods.gaussian import Gaussian


def _moments(problem: Problem, theta: Array) -> tuple[Array, Array]:
    """Mean and covariance of the per-example gradients, numerically."""
    (g,) = -independent.scores(problem, theta, problem.y[None])
    return g.mean(0), np.cov(g.T, bias=True)


def _second_moment(formulas: Formulas) -> Measures:
    def split(problem: Problem, theta: Array) -> float:
        g, Sigma = _moments(problem, theta)
        EF = formulas.empirical_fisher(problem, theta)
        return float(np.linalg.norm(EF - Sigma - np.outer(g, g)) / np.linalg.norm(EF))

    def covariance(problem: Problem, theta: Array) -> float:
        _, Sigma = _moments(problem, theta)
        gap = formulas.noise(problem, theta).covariance - Sigma
        size = np.linalg.norm(formulas.empirical_fisher(problem, theta))
        return float(np.linalg.norm(gap) / size)

    words = "relative difference of the library's Σ from NumPy's covariance"
    yield at_most("largest ‖EF − Σ − ∇L∇Lᵀ‖/‖EF‖", largest(split), DERIVATIVES)
    yield at_most(words, largest(covariance), DERIVATIVES)


def _noisy_estimate(formulas: Formulas) -> Measures:
    """One example drawn at random: its gradient has mean nabla L and second moment EF."""
    (problem, theta), n = case("logistic"), 200_000
    rows = default_rng(0).integers(problem.N, size=n)
    g = formulas.gradients(problem, theta)[rows]
    exact = independent.gradient(problem, theta)
    z = np.abs(g.mean(0) - exact) / (g.std(0) / np.sqrt(n))
    gap = relative_distance(g.T @ g / n, formulas.empirical_fisher(problem, theta))
    yield at_most("mean of 200,000 draws minus ∇L, in standard errors", z.max(), 4)
    yield at_most("relative difference of their second moment from EF", gap, 0.01)


def _diagonal(formulas: Formulas) -> Measures:
    g, Sigma = _moments(*case("logistic"))
    found = formulas.adaptation(g, np.diagonal(Sigma), 1.0)

    def error(d: Array) -> float:
        return float(expected_error(np.diag(d), g, Sigma))

    best = scipy.optimize.minimize(error, np.ones(2), method="Nelder-Mead", options={"xatol": 1e-9})
    gap = np.abs(found - best.x).max()
    yield at_most("E‖Dg − ∇L‖² minus the minimum found by a search", error(found) - best.fun, 1e-9)
    yield at_most("difference of D from the D found by the search", gap, 1e-4)


def _full(formulas: Formulas) -> Measures:
    problem, theta = case("logistic")
    g, Sigma = _moments(problem, theta)

    def error(m: Array) -> float:
        return float(expected_error(m.reshape(2, 2), g, Sigma))

    best = scipy.optimize.minimize(error, np.eye(2).ravel(), method="BFGS", options={"gtol": 1e-10})
    found = formulas.errors(formulas.noise(problem, theta), [1])
    least, printed = float(found["full"][0]), float(found["printed"][0])
    words = "difference of E‖Mg − ∇L‖² from the minimum found by a search"
    yield at_most(words, abs(least - best.fun), 1e-9)
    yield at_least("error of the printed matrix relative to that", printed / least, 1.001)


def _most_probable_descent(formulas: Formulas) -> Measures:
    """P(v . gradient > 0) rises with v.g / sqrt(v^T Sigma v), over all directions v."""
    problem, theta = case("logistic")
    g, exact = _moments(problem, theta)
    angle = np.linspace(0, 2 * np.pi, 200_001)
    v = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    ratio = (v @ g) / np.sqrt(np.einsum("ki,ij,kj->k", v, exact, v))
    best = v[np.argmax(ratio)]
    own = np.linalg.solve(formulas.noise(problem, theta).covariance, g)
    sine = abs(best[0] * own[1] - best[1] * own[0]) / np.linalg.norm(own)
    words = "sine of the angle between Σ⁻¹g and the best of 200,000 directions"
    yield at_most(words, sine, 1e-4)


def _counteracted(formulas: Formulas) -> Measures:
    """For a steeper loss g grows, EF^-1 g shrinks, and M g grows like g."""
    problem, theta = case("least squares")
    ef, adapted = [], []
    for p in (problem, replace(problem, likelihood=Gaussian(0.07))):
        g = formulas.noise(p, theta).gradient
        step = np.linalg.solve(formulas.empirical_fisher(p, theta), g)
        ef.append(np.linalg.norm(step))
        adapted.append(np.linalg.norm(g * (g @ step)))
    words = "gradients 100 times as large: factor of the length of EF⁻¹g"
    yield about(words, ef[1] / ef[0], 0.01, 1e-6)
    yield about("factor with ∇L∇Lᵀ, as in Eq. 19", adapted[1] / adapted[0], 100, 1e-4)


def _square_root(formulas: Formulas) -> Measures:
    rng = default_rng(0)
    g = rng.normal(size=(1, 3))
    outer = g[:, :, None] * g[:, None, :]
    EF = outer + np.diag(rng.uniform(0.1, 1, 3))
    factor = {}
    for name in ("RMS", "EFSGD"):
        direction = formulas.stochastic[name].direction
        one, many = (direction(Seen(s * g, s * g, s**2 * EF, 1.0, 0.0)) for s in (1.0, 100.0))
        factor[name] = np.linalg.norm(many) / np.linalg.norm(one)
    sure = formulas.stochastic["RMS"].direction(Seen(g, g, outer, 1.0, 0.0))
    gap = np.abs(sure - np.sign(g)).max()
    words = "gradients 100 times as large: factor of the length of g/√EF"
    yield about(words, factor["RMS"], 1, 1e-9)
    yield about("factor of the length of EF⁻¹g", factor["EFSGD"], 0.01, 1e-9)
    yield at_most("without noise: difference from the sign of g", gap, 1e-9)


_PAGE = "gradient-noise"
CLAIMS = (
    Claim("stochastic-gradient", "equation", "g(θ)", "5",
        "The gradient of a randomly drawn example is an estimate of ∇L; EF is its second moment.",
        _noisy_estimate, Link(_PAGE, "problem=fig2&batch=1"),
        differs="Printed as N times the gradient of log p, for a loss that is a sum."),
    Claim("eq-18", "equation", "Eq. 18", "5",
        "The empirical Fisher is the covariance of the gradients plus the outer product of their "
        "mean.",
        _second_moment, Link(_PAGE, "problem=fig2&theta=1,1"),
        differs="Written with sums: its left-hand side is N² times this EF."),
    Claim("most-probable", "conclusion", "Section 5, Le Roux et al.", "5",
        "Σ⁻¹g is the direction along which the loss is most likely to decrease.",
        _most_probable_descent, Link(_PAGE, "problem=fig2&theta=1,1")),
    Claim("diagonal", "equation", "Dᵢᵢ", "5",
        "The diagonal matrix of signal-to-noise ratios minimises the expected error of estimating "
        "∇L.",
        _diagonal, Link(_PAGE, "problem=fig2&batch=1")),
    Claim("eq-19", "equation", "Eq. 19", "5",
        "The full matrix that minimises this error: variance adaptation.",
        _full, Link(_PAGE, "problem=fig2&batch=1"),
        differs="The matrix with the smallest error is the transpose of the printed one."),
    Claim("counteracts", "conclusion", "Section 5", "5",
        "The factor ∇L∇Lᵀ of Eq. 19 counteracts the poor scaling of EF.",
        _counteracted, Link(_PAGE, "problem=fig1&batch=1")),
    Claim("square-root", "conclusion", "Section 5", "5",
        "The square root of EF, as in Adam, cancels the magnitude of the gradient.",
        _square_root, Link(_PAGE, "problem=fig2&batch=256")),
    Claim("explains-success", "conclusion", "Section 5", "5",
        "Variance adaptation may explain the success of EF-based methods.",
        link=Link(_PAGE, "problem=fig2"),
        uncomputed="A conjecture about deep learning in practice, and presented as one in the "
        "paper."),
)  # fmt: skip
