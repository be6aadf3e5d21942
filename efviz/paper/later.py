"""Claims and public questions that came after the paper, in our own words, each with its check."""

from functools import lru_cache
from itertools import combinations

import numpy as np

from efviz.arrays import Array, cosine
from efviz.curvature.agreement import symmetric_distance
from efviz.optimizers.methods import varied
from efviz.paper import independent
from efviz.paper.cases import KINDS, case, largest
from efviz.paper.claim import Claim, Link, Measures, about, at_least, at_most
from efviz.paper.definitions import DERIVATIVES
from efviz.paper.formulas import Formulas
from efviz.problems import Problem, linear_regression

AT = np.array([2.0, 4.5])
"""A start of Fig. 1."""


@lru_cache
def scores(kind: str) -> Array:
    """The gradients (N, D) of a case by numerical differentiation."""
    problem, theta = case(kind)
    (g,) = independent.scores(problem, theta, problem.y[None])
    return g


def _every_batch(formulas: Formulas) -> Measures:
    for B in (2, 3):

        def gap(problem: Problem, theta: Array, kind: str, B: int = B) -> float:
            g = scores(kind)
            means = [g[list(chosen)].mean(0) for chosen in combinations(range(problem.N), B)]
            expected = np.mean([np.outer(mean, mean) for mean in means], axis=0)
            return symmetric_distance(formulas.batch_fisher(problem, theta, B), expected)

        worst = max(gap(*case(kind), kind) for kind in KINDS)
        yield at_most(f"distance from the mean over all batches of {B}", worst, DERIVATIVES)


def _square_first(formulas: Formulas) -> Measures:
    problem = formulas.problem("fig2", "A", 1.0)
    theta = problem.theta_star
    squares = np.trace(formulas.empirical_fisher(problem, theta))
    square = np.trace(formulas.batch_fisher(problem, theta, problem.N))
    yield about("trace at the minimum of Fig. 2 A, squared first", squares, 1.44376, 1e-5)
    yield at_most("the same, averaged first", square, 1e-12)


def _batch_of_one(formulas: Formulas) -> Measures:
    def gap(problem: Problem, theta: Array) -> float:
        one = formulas.batch_fisher(problem, theta, 1)
        return symmetric_distance(one, independent.observed_outer(problem, theta))

    problem = formulas.problem("fig2", "A", 1.0)
    theta = problem.theta_star
    EF = independent.observed_outer(problem, theta)
    share = np.trace(formulas.batch_fisher(problem, theta, 128)) / np.trace(EF)
    yield at_most("batches of one: distance from EF", largest(gap), DERIVATIVES)
    yield about("batches of 128 at a minimum: trace relative to EF", share, 0.00682, 1e-5)


def _variants(formulas: Formulas) -> Measures:
    problem = formulas.problem("fig2", "A", 1.0)
    theta = problem.theta_star
    for words, matrix, trace in (
        ("exact", formulas.fisher(problem, theta), 0.94787),
        ("observed labels", formulas.empirical_fisher(problem, theta), 1.44376),
        ("most likely labels", formulas.most_likely_fisher(problem, theta), 0.26446),
        ("batches of 128", formulas.batch_fisher(problem, theta, 128), 0.0098454),
    ):
        yield about(f"trace at the minimum of Fig. 2 A, {words}", np.trace(matrix), trace, 1e-5)


def _own_guess(formulas: Formulas) -> Measures:
    problem, _ = case("logistic")
    ratio = 0.0
    for theta in np.array([[0.6, -0.4], [2.0, 1.0], [-1.0, 3.0]]):
        F = independent.expected_outer(problem, theta)
        ratio = max(ratio, np.trace(formulas.most_likely_fisher(problem, theta)) / np.trace(F))
    line, theta = case("least squares")
    zero = np.abs(formulas.most_likely_fisher(line, theta)).max()
    yield at_most("two classes: largest trace relative to F", ratio, 1.0)
    yield at_most("least squares: largest entry", zero, 0.0)


def _sampled(formulas: Formulas) -> Measures:
    problem = formulas.problem("fig2", "A", 1.0, N=200)
    theta = problem.theta_star
    F = independent.expected_outer(problem, theta)
    drawn = formulas.mc_fisher(problem, theta, np.random.default_rng(0), 4000)
    observed = formulas.empirical_fisher(problem, theta)
    size = np.linalg.norm(F)
    yield at_most("4,000 labels of the model: distance", np.linalg.norm(drawn - F) / size, 0.02)
    yield at_least("observed labels: distance", np.linalg.norm(observed - F) / size, 0.3)


def _in_other_units(formulas: Formulas, exponent: float) -> float:
    """The relative change of EF^-p g if the second parameter is measured in 1/100 units."""
    problem = formulas.problem("fig1")
    one, other = (
        formulas.direction(problem, varied(["EFGD"], exponent=exponent, units=units)["EFGD"], AT).x
        for units in ((), (1.0, 0.01))
    )
    return float(np.linalg.norm(one - other) / np.linalg.norm(one))


def _root_and_units(formulas: Formulas) -> Measures:
    yield at_most("p = 1: change of the step in other units", _in_other_units(formulas, 1.0), 1e-8)
    yield at_least("p = 1/2: change of the step", _in_other_units(formulas, 0.5), 0.1)


def _bounded_root(formulas: Formulas) -> Measures:
    """|EF^(-1/2) g|^2 = s / (1 + s) with s = g^T Sigma^-1 g."""
    problem = formulas.problem("fig1")
    root, longest, gap = varied(["EFGD"], exponent=0.5)["EFGD"], 0.0, 0.0
    for distance in (1.0, 10.0, 100.0, 1000.0):
        theta = problem.theta_star + distance * np.ones(2) / np.sqrt(2)
        (scored,) = independent.scores(problem, theta, problem.y[None])
        g = -scored.mean(0)
        s = g @ np.linalg.solve(np.cov(scored.T, bias=True), g)
        length = float(np.linalg.norm(formulas.direction(problem, root, theta).x))
        longest, gap = max(longest, length), max(gap, abs(length - np.sqrt(s / (1 + s))))
    yield at_most("longest step up to 1,000 from the minimum of Fig. 1", longest, 1.0)
    yield at_most("largest distance from √(s/(1+s))", gap, 1e-5)


def _uphill_in_units(formulas: Formulas) -> Measures:
    problem = formulas.problem("fig1")
    F = independent.expected_outer(problem, AT)
    for unit, angle in ((1.0, -0.160), (0.01, -0.838)):
        units = np.array([1.0, unit])
        methods = varied(["NGD", "EFGD"], units=(1.0, unit))
        one, other = (formulas.direction(problem, each, AT).x for each in methods.values())
        plain, metric = cosine(units * one, units * other), cosine(one, other, F)
        yield about(f"unit of x {unit:g}: Euclidean cosine at (2, 4.5)", plain, angle, 5e-4)
        yield about("the same, measured by the Fisher", metric, 0.62798, 1e-5)


def _improved_matrix(formulas: Formulas) -> Measures:
    def square(problem: Problem, theta: Array) -> Array:
        J = independent.output_jacobians(problem, theta)[:, 0]
        return J.T @ J / problem.N

    for kind in ("least squares", "logistic"):
        problem, theta = case(kind)
        gap = symmetric_distance(formulas.improved(problem, theta), square(problem, theta))
        yield at_most(f"{kind}: distance between iEF and JᵀJ / N", gap, DERIVATIVES)
    problem, theta = case("least squares")
    F = 0.7**2 * independent.expected_outer(problem, theta)
    gap = symmetric_distance(formulas.improved(problem, theta), F)
    yield at_most("least squares: distance between iEF and σ² F", gap, DERIVATIVES)


def _improved_update(formulas: Formulas) -> Measures:
    problem = formulas.problem("fig1")
    there = formulas.stationary_point(problem)
    r = problem.X @ there - problem.y
    left = np.abs(problem.X.T @ r**3).max() / np.abs(problem.X.T @ np.abs(r) ** 3).max()
    step = np.linalg.norm(formulas.direction(problem, "iEF", there).x)
    yield at_most("mean of r³ x relative to |r|³ |x| where it stops", left, 1e-10)
    yield at_most("its step there", step, 1e-8)
    for name, value, stop in zip("bw", there, (2.094126, 1.952574), strict=True):
        yield about(f"{name} where it stops, in Fig. 1", value, stop, 1e-6)


def _improved_toy(formulas: Formulas) -> Measures:
    toy = linear_regression(np.array([[1.0, 0.0], [1.0, 1.0]]), np.zeros(2))
    theta = np.array([1.0, -0.9])
    natural = np.linalg.solve(toy.X.T @ toy.X, toy.X.T @ (toy.X @ theta))
    for method, words in (("iEFGD", "matrix"), ("iEF", "update")):
        gap = np.linalg.norm(formulas.direction(toy, method, theta).x - natural)
        yield at_most(f"distance of its {words} from the natural gradient", gap, 1e-12)
    empirical = formulas.direction(toy, "EFGD", theta).x
    yield about("EF: cosine with the natural gradient", cosine(empirical, natural), -0.583, 1e-3)


SECTIONS = {
    "batch": "Asked since 2019: which batch?",
    "labels": "Asked since 2019: whose labels?",
    "root": "Claimed since 2019: the square root, units",
    "improved": "Claimed since 2019: the improved empirical Fisher",
}

_BATCHES = "tab=labels&labels=squared_mean&problem=fig2&path=A&s=1"
_POWER = "cos=1&metric=Fisher"

CLAIMS = (
    Claim("batches-averaged", "later", "avalanche #1224", "batch",
        "Squared batch gradients are not the EF, whether they are summed or averaged over the "
        "batches: for batches of B their expectation is ∇L ∇Lᵀ + (N − B)/(B (N − 1)) · cov(g).",
        _every_batch, Link("four-matrices", f"{_BATCHES}&batch=16")),
    Claim("square-first", "later",
        "Overcoming-Catastrophic-forgetting #6, continual-learning #11, "
        "GradientEpisodicMemory #7", "batch",
        "Gradients have to be squared before they are averaged: averaged first, they cancel at a "
        "minimum.", _square_first, Link("four-matrices", _BATCHES)),
    Claim("batch-of-one", "later", "continual-learning #16", "batch",
        "Only batches of one example, or gradients per example, give the EF. Larger batches shrink "
        "it about B-fold where the mean gradient is small.",
        _batch_of_one, Link("four-matrices", f"{_BATCHES}&batch=128")),
    Claim("variants-in-use", "later", "arXiv:2502.11756 (van de Ven)", "batch",
        "Implementations of elastic weight consolidation call different matrices the Fisher. Their "
        "sizes differ by factors, and so does the best strength of the penalty.",
        _variants, Link("four-matrices", _BATCHES)),
    Claim("own-guess", "later", "ewc.pytorch #4", "labels",
        "With the model's most likely labels the matrix is neither F nor the EF: too small for two "
        "classes, and zero for least squares.",
        _own_guess, Link("four-matrices", "tab=labels&labels=most_likely&problem=fig2")),
    Claim("sampled-not-observed", "later", "kfac-pytorch #109, curvature #6",
        "labels",
        "Labels drawn from the model estimate F without bias; the labels of the data give the EF, "
        "which is another matrix unless the model is correct.",
        _sampled, Link("four-matrices", "tab=labels&labels=sampled&problem=fig2&path=A&s=1")),
    Claim("root-and-units", "later", "arXiv:2402.03496 (Lin et al.)", "root",
        "Without the square root, preconditioning by the EF ignores linear changes of the "
        "parameters; with it, the step changes with their units.",
        _root_and_units, Link("vector-fields", f"{_POWER}&power=0.5&unit=0.01")),
    Claim("root-is-bounded", "later", "arXiv:2402.03496 (Lin et al.)", "root",
        "The root keeps steps bounded: EF^(−1/2) g is never longer than 1, however large the "
        "gradient is.", _bounded_root, Link("vector-fields", "power=0.5")),
    Claim("uphill-is-units", "later", "Fig. 1, looked at again", "root",
        "Where EFGD points more than 90° away from NGD is a matter of units; the angle measured by "
        "the Fisher is not.", _uphill_in_units, Link("vector-fields", "cos=1&unit=0.01")),
    Claim("improved-matrix", "later", "arXiv:2406.06420 (Wu et al.), Eq. 14", "improved",
        "The improved EF divides every gradient by its size in output space. For one output it is "
        "JᵀJ / N: σ² F for least squares, and independent of θ for logistic regression.",
        _improved_matrix, Link("four-matrices", "problem=fig2&matrices=fisher,"
        "empirical_fisher,improved_empirical_fisher")),
    Claim("improved-update", "later", "arXiv:2406.06420 (Wu et al.), Eq. 8", "improved",
        "The improved update is made for fewer examples than parameters. With more, it stops at a "
        "point other than the minimum: for least squares, at the fit of least fourth powers.",
        _improved_update, Link("vector-fields", "methods=NGD,iEFGD,iEF")),
    Claim("improved-toy", "later", "arXiv:2406.06420 (Wu et al.), toy example", "improved",
        "With as many examples as parameters, both forms are the natural gradient, and the EF "
        "points away from it.", _improved_toy),
)  # fmt: skip
