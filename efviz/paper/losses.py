"""Appendices A.2, A.3 and B: common losses, the linearised model and sampled labels."""

import numpy as np
import scipy
from numpy.random import default_rng

from efviz.arrays import Array
from efviz.curvature.agreement import symmetric_distance
from efviz.curvature.distance import relative_distance
from efviz.paper import independent
from efviz.paper.cases import CLASSES, NATURAL, apart, case
from efviz.paper.claim import Claim, Link, Measures, about, at_least, at_most, exactly
from efviz.paper.definitions import DERIVATIVES, ROUNDING
from efviz.paper.formulas import Formulas
from efviz.paper.gauss_newton import PARTS, by_parts
from efviz.problems import Problem

_F = default_rng(1).normal(size=(7, 3))
_Y = np.array([0.0, 1, 2, 0, 1, 2, 0])
_LINE = np.linspace(-2, 3, 9)[:, None], np.linspace(1, -1, 9)
"""Outputs f and targets y of three classes, and of a Gaussian."""


def _without_expectation(formulas: Formulas) -> Measures:
    """J^T H_n J with H_n at the OBSERVED labels, compared with the expectation over all labels."""
    gap = apart(formulas.fisher, by_parts, *NATURAL)
    yield at_most("largest distance between F and Jᵀ Hₙ J", gap, PARTS)


def _gaussian(formulas: Formulas) -> Measures:
    (f, y), gaussian = _LINE, formulas.likelihoods["gaussian"]()
    offset = -scipy.stats.norm.logpdf(y, f[:, 0], 1) - gaussian.nll(f, y)
    constant = abs(offset.mean() - np.log(2 * np.pi) / 2)
    yield at_most("spread of −log N(y; f, 1) − ½(y − f)²", np.ptp(offset), ROUNDING)
    yield at_most("its difference from log √(2π)", constant, ROUNDING)


def _unit_hessian(formulas: Formulas) -> Measures:
    (f, y), gaussian = _LINE, formulas.likelihoods["gaussian"]()
    numerical = independent.output_curvature(gaussian, f, y)
    yield at_most("largest |∇²f(−log p) − 1|", np.abs(gaussian.hessian(f, y) - 1).max(), ROUNDING)
    yield at_most("the same with SciPy's derivatives", np.abs(numerical - 1).max(), 1e-7)


def _least_squares_fisher(formulas: Formulas) -> Measures:
    gap = apart(formulas.fisher, by_parts, "nonlinear")
    yield at_most("distance between F and ∇f ∇fᵀ / σ²", gap, PARTS)


def _not_the_outer_products(formulas: Formulas) -> Measures:
    F = apart(formulas.fisher, independent.observed_outer, "nonlinear")
    EF = apart(formulas.empirical_fisher, independent.observed_outer, "nonlinear")
    words = "distance between F and the outer products of the gradients of the loss"
    yield at_least(words, F, 0.05)
    yield at_most("distance between EF and these", EF, DERIVATIVES)


def _softmax(formulas: Formulas) -> Measures:
    p = formulas.likelihoods["categorical"]().mean(_F)
    exact = np.exp(_F) / np.exp(_F).sum(-1, keepdims=True)
    yield at_most("largest difference from exp f / Σ exp f", np.abs(p - exact).max(), ROUNDING)


def _same_for_all_classes(formulas: Formulas) -> Measures:
    softmax = formulas.likelihoods["categorical"]()
    h = np.stack([softmax.hessian(_F, np.full(7, float(c))) for c in range(3)])
    gap = np.abs(h[0] - independent.output_curvature(softmax, _F, _Y)).max()
    yield at_most("largest change between classes", np.abs(h - h[:1]).max(), 0.0)
    yield at_most("difference from SciPy's derivatives of −log softmax", gap, 1e-7)


def _second_partials(formulas: Formulas) -> Measures:
    e = np.exp(_F)
    total = e.sum(-1)[:, None, None]
    diagonal = (e / e.sum(-1, keepdims=True))[:, :, None] * np.eye(3)
    printed = diagonal - e[:, :, None] * e[:, None, :] / total**2
    found = formulas.likelihoods["categorical"]().fisher(_F)
    numerical = [
        independent.second_derivative(lambda v: scipy.special.logsumexp(v, axis=-1), row)
        for row in _F
    ]
    gap = np.abs(printed - np.stack(numerical)).max()
    yield at_most("printed derivatives minus SciPy's of log Σ exp f", gap, 1e-7)
    gap = np.abs(printed - found).max()
    yield at_most("printed derivatives minus the library's", gap, ROUNDING)


def _covariance_of_labels(formulas: Formulas) -> Measures:
    H = formulas.likelihoods["categorical"]().hessian(_F, _Y)
    p = scipy.special.softmax(_F, axis=-1)
    gap = np.abs(H - (p[:, :, None] * np.eye(3) - p[:, :, None] * p[:, None, :])).max()
    yield at_most("difference between the Hessian in f and diag(π) − ππᵀ", gap, ROUNDING)
    yield at_most("largest sum of its rows", np.abs(H.sum(-1)).max(), ROUNDING)


def _softmax_fisher(formulas: Formulas) -> Measures:
    gap = apart(formulas.fisher, by_parts, "softmax")
    yield at_most("distance between F and Jᵀ (diag(π) − ππᵀ) J", gap, PARTS)


def _linear_models(formulas: Formulas) -> Measures:
    linear = ("least squares", "logistic", "softmax", "Poisson", "rates")
    gap = apart(formulas.ggn, independent.hessian, *linear)
    yield at_most("largest distance between G and H, models linear in θ", gap, PARTS)


def _linearised(formulas: Formulas) -> Measures:
    def hessian(problem: Problem, theta: Array) -> Array:
        J, f = independent.output_jacobians(problem, theta), independent.outputs(problem, theta)

        def loss(t: Array) -> Array:
            bar = f + np.einsum("nci,...i->...nc", J, t - theta)
            return -independent.log_density(problem.likelihood, bar, problem.y).mean(-1)

        return independent.second_derivative(loss, theta)

    gap = apart(formulas.ggn, hessian, "nonlinear")
    yield at_most("distance between G and the Hessian with f linearised", gap, PARTS)


def _unbiased(formulas: Formulas) -> Measures:
    problem, theta = case("logistic")
    F = formulas.fisher(problem, theta)
    one = np.stack([formulas.mc_fisher(problem, theta, default_rng(s), 1) for s in range(1000)])
    error = one.std(0) / np.sqrt(len(one))
    z = (np.abs(one.mean(0) - F) / error).max()
    sizes = (1, 10, 100, 1000, 10_000)
    drawn = [
        [formulas.mc_fisher(problem, theta, default_rng((M, r)), M) for r in range(40)]
        for M in sizes
    ]
    spread = np.sqrt((relative_distance(np.array(drawn), F) ** 2).mean(-1))
    power = independent.power(sizes, spread)
    yield at_most("mean of 1,000 one-label estimates minus F, in standard errors", z, 4)
    yield about("exponent p of the error ∝ Mᵖ, M = 1 to 10,000", power, -0.5, 0.05)


def _most_likely(formulas: Formulas) -> Measures:
    squares = formulas.most_likely_fisher(*case("least squares"))
    gaps = [
        relative_distance(
            formulas.most_likely_fisher(*case(kind)), independent.expected_outer(*case(kind))
        )
        for kind in CLASSES
    ]
    yield exactly("largest entry for least squares", np.abs(squares).max(), 0.0)
    yield at_least("‖· − F‖/‖F‖ for classification: the bias", min(gaps), 0.1)


def _one_jacobian(formulas: Formulas) -> Measures:
    problem, theta = case("softmax")
    y, _ = independent.labels(problem, theta)
    exact = independent.scores(problem, theta, y)
    softmax, f = formulas.likelihoods["categorical"](), independent.outputs(problem, theta)
    r = np.stack([softmax.gradient(f, label) for label in y])
    found = np.einsum("nci,knc->kni", independent.output_jacobians(problem, theta), r)
    right, printed = (np.abs(found + sign * exact).max() for sign in (1, -1))
    yield at_most("difference between −∇θ log p and Jᵀ ∇f(−log p)", right, DERIVATIVES)
    yield at_least("the same with the printed sign", printed, 0.1)


def _same_cost(formulas: Formulas) -> Measures:
    sources = formulas.sources
    one, ef = (sources[key].cost(1000, 1, 10) for key in ("sampled", "observed"))
    exact = sources["exact"].cost(1000, 1, 10)
    yield exactly("gradients for one sampled label per example, N = 1,000, C = 10", one, ef)
    yield exactly("for the exact Fisher", exact, 10_000)


def _probability_residual(formulas: Formulas) -> Measures:
    bernoulli = formulas.likelihoods["bernoulli"]()
    f = np.linspace(-3, 3, 7)[:, None]
    p = scipy.special.expit(f[:, 0])
    slope = {y: bernoulli.gradient(f, np.full(7, y))[:, 0] for y in (0.0, 1.0)}
    gap = max(np.abs(found - (p - y)).max() for y, found in slope.items())
    curvature = np.abs(bernoulli.hessian(f, np.zeros(7))[:, 0, 0] - p * (1 - p)).max()
    yield at_most("difference between −∂ log p/∂f and σ(f) − y", gap, ROUNDING)
    yield at_most("difference between −∂² log p/∂f² and σ(1 − σ)", curvature, ROUNDING)
    yield at_least("error of the printed slope, without y", np.abs(slope[1.0] - p).max(), 0.5)


def _at_one_half(formulas: Formulas) -> Measures:
    problem, theta = case("logistic")
    at_zero, elsewhere = (
        symmetric_distance(formulas.empirical_fisher(problem, t), formulas.fisher(problem, t))
        for t in (np.zeros(2), theta)
    )
    yield at_most("distance between EF and F at θ = 0", at_zero, ROUNDING)
    yield at_least("distance at another θ", elsewhere, 0.05)


_THREE = Link("four-matrices", "problem=softmax&theta=1,-1")
_CURVE = Link("four-matrices", "problem=saturation&theta=1.5,1.5")
_LABELS = Link("four-matrices", "problem=fig2&theta=1,1")

CLAIMS = (
    Claim(
        "eq-26", "equation", "Eq. 26", "A.2",
        "The Fisher needs no expectation: it is Jᵀ Hₙ J, with the Hessian Hₙ in f.",
        _without_expectation, _THREE,
        differs="Hₙ is printed as the Hessian of log p, but is that of −log p.",
    ),
    Claim("eq-27", "equation", "Eq. 27", "A.2",
        "Squared loss is the negative log-likelihood of a Gaussian of unit variance.",
        _gaussian, Link("vector-fields", "problem=fig1"),
        differs="The density is printed without its constant 1/√(2π), which affects no "
        "derivative."),
    Claim("eq-28", "equation", "Eq. 28", "A.2", "Its Hessian in f is 1.",
        _unit_hessian, Link("four-matrices", "problem=fig1&theta=1,1")),
    Claim("eq-29", "equation", "Eq. 29", "A.2",
        "For least squares the Fisher is the sum of ∇f ∇fᵀ.", _least_squares_fisher, _CURVE,
        differs="For σ = 1; otherwise divided by σ²."),
    Claim("eq-30", "equation", "Eq. 30", "A.2",
        "It is not the sum of the outer products of the gradients of the loss.",
        _not_the_outer_products, _CURVE),
    Claim("eq-31", "equation", "Eq. 31", "A.2",
        "Cross-entropy with the softmax is the negative log-likelihood of an exponential family.",
        _softmax, _THREE),
    Claim("eq-32", "equation", "Eq. 32", "A.2",
        "Its Hessian in f does not depend on the class.", _same_for_all_classes, _THREE),
    Claim("eq-33", "equation", "Eq. 33", "A.2",
        "The individual second derivatives of log Σ exp f.", _second_partials, _THREE),
    Claim("eq-34", "equation", "Eq. 34", "A.2",
        "As a matrix they are diag(π) − ππᵀ.", _covariance_of_labels, _THREE),
    Claim("eq-35", "equation", "Eq. 35", "A.2",
        "The Fisher of softmax regression is Jᵀ (diag(π) − ππᵀ) J.", _softmax_fisher, _THREE),
    Claim("eq-36", "equation", "Eq. 36", "A.3",
        "If the inner function is linear, the GGN equals the Hessian.", _linear_models,
        Link("four-matrices", "problem=poisson&theta=1,0&closer=splits")),
    Claim("eq-37", "equation", "Eq. 37", "A.3",
        "The GGN is the Hessian of the loss after its inner function is linearised.", _linearised,
        Link("four-matrices", "problem=saturation&theta=1.5,1.5&closer=splits")),
    Claim("eq-38", "equation", "Eq. 38", "B",
        "One label sampled from the model per input gives an unbiased, noisy estimate of the "
        "Fisher.",
        _unbiased, _LABELS),
    Claim("most-likely", "conclusion", "Appendix B", "B",
        "The most likely label gives a biased estimate, which is always zero for least squares.",
        _most_likely, _LABELS),
    Claim("eq-39", "equation", "Eq. 39", "B",
        "All labels of an input share the Jacobian, the costly part of their gradients.",
        _one_jacobian, _THREE,
        differs="∇ log p is printed as −Jᵀ ∇f log p; Eq. 40 has no minus. The sign does not affect "
        "outer products."),
    Claim("same-cost", "conclusion", "Appendix B, section 6", "B",
        "One sampled label per input costs as many gradients as the empirical Fisher; the exact "
        "Fisher takes one per output.", _same_cost, _LABELS),
    Claim("eq-53", "equation", "Eq. 53", "D.3",
        "Slope and curvature in f of −log p for logistic regression.",
        _probability_residual, _LABELS,
        differs="Printed without y: the slope is σ(f) − y."),
    Claim("start-at-zero", "conclusion", "Appendix D.3", "D.3",
        "In logistic regression EF = F at θ = 0, where all probabilities are ½: a good start.",
        _at_one_half, Link("four-matrices", "problem=fig2&theta=0,0"),
        differs="The paper compares the slope with the curvature, which differ; there, the square "
        "of the slope equals the curvature."),
)  # fmt: skip
