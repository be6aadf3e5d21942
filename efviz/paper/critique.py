"""Sections 4.1 and 4.2: EF as a Gauss-Newton matrix, EF at the minimum; Figs. 2 and 4."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.curvature.distance import relative_distance
from efviz.datasets.dataset import Dataset
from efviz.paper import independent
from efviz.paper.cases import NATURAL, apart, case, largest, with_residuals
from efviz.paper.claim import Claim, Link, Measures, about, at_least, at_most, exactly
from efviz.paper.definitions import DERIVATIVES
from efviz.paper.formulas import Formulas
from efviz.problems import Problem, linear_regression
from efviz.studies.residuals import few_examples, orthogonal_polynomials


def _split_of_the_logarithm(formulas: Formulas) -> Measures:
    """J_b^T (1/b^2) J_b with b = p(y_n | f_n), differentiated numerically."""

    def p(problem: Problem, t: Array) -> Array:
        return np.exp(independent.log_densities(problem, t, problem.y[None]))[..., 0, :]

    def by_split(problem: Problem, theta: Array) -> Array:
        J = independent.jacobian(lambda t: p(problem, t), theta)
        return np.einsum("ni,n,nj->ij", J, p(problem, theta) ** -2, J) / problem.N

    def footnote(problem: Problem, theta: Array) -> float:
        slope = formulas.splits["empirical_fisher"].outer_gradient(problem, theta)[:, 0]
        return np.abs((slope * p(problem, theta)) ** 2 - 1).max()

    gap, ratio = apart(formulas.empirical_fisher, by_split, *NATURAL), largest(footnote, NATURAL)
    yield at_most("largest distance between EF and Jᵀ ∇²(−log b) J", gap, DERIVATIVES)
    yield at_most("footnote 3, ∇²a = ∇a ∇aᵀ: largest relative difference", ratio, DERIVATIVES)


def _small_residuals(formulas: Formulas) -> Measures:
    def printed(problem: Problem, theta: Array) -> Array:
        r = independent.outputs(problem, theta)[:, 0] - problem.y
        J = independent.output_jacobians(problem, theta)[:, 0]
        return np.einsum("n,ni,nj->ij", r**2, J, J) / problem.N / 0.5**4

    (problem, theta), s = case("nonlinear"), (1.0, 0.1, 0.01, 0.001)
    ef, h = [], []
    for scale in s:
        near = with_residuals(problem, theta, scale)
        F = formulas.fisher(near, theta)
        ef.append(np.linalg.norm(formulas.empirical_fisher(near, theta)) / np.linalg.norm(F))
        h.append(relative_distance(formulas.hessian(near, theta), F))
    gap = apart(formulas.empirical_fisher, printed, "nonlinear")
    yield at_most("distance between EF and r² ∇f ∇fᵀ", gap, DERIVATIVES)
    yield at_most("‖EF‖/‖F‖ with residuals scaled by 1/1000", ef[-1], 1e-5)
    yield at_most("‖H − F‖/‖F‖ there", h[-1], 1e-2)
    yield about("exponent p of ‖EF‖/‖F‖ ∝ residualsᵖ", independent.power(s, ef), 2, 0.01)


def _definition_1(formulas: Formulas) -> Measures:
    ef, canonical = (formulas.splits[k].outer_gradient for k in ("empirical_fisher", "canonical"))
    (linear, theta), (labelled, _) = case("least squares"), case("logistic")
    fitted = np.abs(canonical(with_residuals(linear, theta, 0), theta)).max()
    direction = np.array([1.0, 2.0])
    sure = replace(labelled, y=(labelled.X @ direction > 0).astype(float))
    near, far = (np.abs(canonical(sure, t * direction)).max() for t in (1.0, 1000.0))
    slopes = np.abs(ef(sure, 1e3 * direction))
    yield at_least("EF's split: smallest |∂ log b/∂b|, all labels certain", slopes.min(), 1.0)
    yield at_most("canonical split: largest outer gradient, least squares fitted", fitted, 1e-12)
    yield at_most("logistic: residual at 1,000 θ relative to that at θ", far / near, 1e-9)
    yield at_least("log10 of that residual, which is never zero", np.log10(far), -300)


_SIZES = (100, 1_000, 10_000, 100_000)


@lru_cache(maxsize=8)
def _minimum(
    sample: Callable[..., Dataset], name: str, path: str, s: float, N: int, seed: int
) -> tuple[Problem, Array]:
    """Cached, because several checks share a problem."""
    problem = Formulas(sample=sample).problem(name, path, s, N=N, seed=seed)
    return problem, problem.theta_star


def at_minimum(
    formulas: Formulas, name: str, path: str = "", s: float = 0.0, N: int = 1000, seed: int = 0
) -> tuple[Problem, Array]:
    """A problem of PROBLEMS and its minimum (D,)."""
    return _minimum(formulas.sample, name, path, s, N, seed)


def distance_at_minimum(formulas: Formulas, *which: Any, shift: float = 0.0) -> float:
    """|EF - F| / |F| at the minimum, or that far beyond it in every parameter."""
    problem, theta = at_minimum(formulas, *which)
    EF, F = (m(problem, theta + shift) for m in (formulas.empirical_fisher, formulas.fisher))
    return float(relative_distance(EF, F))


def _accuracy(formulas: Formulas, path: str, s: float) -> float:
    """The percentage of the examples of Fig. 2 that the best fit classifies correctly."""
    problem, theta = at_minimum(formulas, "fig2", path, s)
    return float(100 * np.mean((problem.X @ theta > 0) == (problem.y == 1)))


def _against_n(formulas: Formulas, path: str, s: float, seeds: int = 6) -> tuple[float, float]:
    """The exponent p of the median distance ~ N^p, and the last median."""
    medians = [
        np.median([distance_at_minimum(formulas, "fig4", path, s, N, k) for k in range(seeds)])
        for N in _SIZES
    ]
    return independent.power(_SIZES, medians), float(medians[-1])


def _convergence(formulas: Formulas) -> Measures:
    correct, last = _against_n(formulas, "", 0.0)
    yield about("correct model: exponent p of ‖EF − F‖/‖F‖ ∝ Nᵖ", correct, -0.5, 0.12)
    yield at_most("‖EF − F‖/‖F‖ at N = 100,000", last, 0.02)


def _stalling(formulas: Formulas) -> Measures:
    slope, last = _against_n(formulas, "quadratic", 1.0, seeds=3)
    yield at_least("misspecified: exponent p of ‖EF − F‖/‖F‖ ∝ Nᵖ", slope, -0.1)
    yield at_least("‖EF − F‖/‖F‖ at N = 100,000", last, 0.3)


def _all_approach(formulas: Formulas) -> Measures:
    few, many = (("saturation", "", 0.0, N) for N in (300, 30_000))
    problem, theta = at_minimum(formulas, *many)
    h = relative_distance(formulas.hessian(problem, theta), formulas.fisher(problem, theta))
    before, after = (distance_at_minimum(formulas, *which) for which in (few, many))
    yield at_most("‖H − F‖/‖F‖ at N = 30,000, nonlinear model", h, 0.01)
    yield at_most("‖EF − F‖/‖F‖ there", after, 0.05)
    yield at_most("the latter relative to N = 300", after / before, 0.6)


def _figure_2(formulas: Formulas) -> Measures:
    cases = {"correct": ("A", 0.0, 73), "A": ("A", 1.0, 86), "B": ("B", 1.0, 85)}
    gaps = [distance_at_minimum(formulas, "fig2", path, s) for path, s, _ in cases.values()]
    for name, (path, s, percent) in cases.items():
        yield about(f"accuracy in %, {name}", _accuracy(formulas, path, s), percent, 0.5)
    yield at_most("‖EF − F‖/‖F‖, correct", gaps[0], 0.15)
    yield at_least("smaller one of A and B", min(gaps[1:]), 0.4)


def _figure_4(formulas: Formulas) -> Measures:
    gaps, rescaled = [], []
    for path, s in (("", 0.0), ("noise", 1.0), ("quadratic", 1.0)):
        problem, theta = at_minimum(formulas, "fig4", path, s)
        variance = np.mean((problem.y - problem.X @ theta) ** 2)
        EF, F = formulas.empirical_fisher(problem, theta), formulas.fisher(problem, theta)
        gaps.append(relative_distance(EF, F))
        rescaled.append(relative_distance(EF / variance, F))
    yield at_most("‖EF − F‖/‖F‖, correct", gaps[0], 0.15)
    yield at_least("smaller one of A and B", min(gaps[1:]), 1.0)
    yield at_most("with the variance fitted: A minus correct", abs(rescaled[1] - rescaled[0]), 1e-9)
    yield at_least("with the variance fitted: B", rescaled[2], 0.5)


def _arbitrarily_wrong(formulas: Formulas) -> Measures:
    problem, theta = at_minimum(formulas, "fig4", "noise", 0.0, 10_000)
    loud = with_residuals(problem, theta, 1000)
    EF, F = formulas.empirical_fisher(loud, theta), formulas.fisher(loud, theta)
    yield at_least("‖EF − F‖/‖F‖ with noise 1,000 times as large", relative_distance(EF, F), 1e5)
    yield at_most("largest slope of the loss there", np.abs(loud.gradient(theta)).max(), 1e-6)


def _good_is_not_correct(formulas: Formulas) -> Measures:
    correct, better = (_accuracy(formulas, "A", s) for s in (0.0, 1.0))
    gaps = [distance_at_minimum(formulas, "fig2", "A", s) for s in (0.0, 1.0)]
    yield at_least("accuracy of A minus that of the correct model, in points", better - correct, 5)
    yield at_least("its ‖EF − F‖/‖F‖ relative to that of the correct model", gaps[1] / gaps[0], 2)


def _overparameterised(formulas: Formulas) -> Measures:
    x, y = few_examples()
    columns = orthogonal_polynomials(x)
    shares, curvature = [], []
    for D in (5, len(x)):
        problem = linear_regression(columns[:, :D], y)
        theta = problem.theta_star
        H = formulas.hessian(problem, theta)
        shares.append(np.linalg.norm(formulas.empirical_fisher(problem, theta)) / np.linalg.norm(H))
        curvature.append(float(np.linalg.eigvalsh(H)[0]))
    yield at_least("‖EF‖/‖H‖ with 5 parameters for 20 examples", shares[0], 1e-3)
    yield at_most("the same with 20 parameters", shares[1], 1e-20)
    yield at_least("smallest eigenvalue of H there", curvature[1], 0.9)


def _table_2(formulas: Formulas) -> Measures:
    """Covariances of the sample compared with M M^T and with M, as printed."""
    data = formulas.sample("fig2", "B", 1.0, N=20_000)
    X = data.X[data.y == 0]
    yield exactly("share of y = 0", np.mean(data.y == 0), 0.5)
    for name, s, spread in (("A", 1.0, (9.0, 1.0)), ("correct", 0.0, (4.0, 4.0))):
        data = formulas.sample("fig2", "A", s, N=20_000)
        for label, variance in enumerate(spread):
            found = data.X[data.y == label].var()
            yield about(f"variance of x, {name}, y = {label}", found, variance, 0.05 * variance)
    yield about("mean of x in B, y = 0", X.mean(), 1.0, 0.1)
    slope = np.cov(X.T)[0, 1]
    yield about("covariance of x in B, y = 0: the entry of M Mᵀ", slope, -2 * 1.5 * 0.9, 0.2)


def _table_3(formulas: Formulas) -> Measures:
    for title, path, s, slope in (
        ("correct", "", 0.0, 1.0), ("A", "noise", 1.0, 4.0), ("B", "quadratic", 1.0, 1.0),
    ):  # fmt: skip
        data = formulas.sample("fig4", path, s, N=20_000)
        x = data.X[:, 0]
        noise = data.y - 1 - x - (x**2 / 2 if path == "quadratic" else 0)
        yield about(f"variance of ε, {title}", noise.var(), slope, 0.05 * slope)
        yield about(f"its mean, with y = 1 + x + …, {title}", noise.mean(), 0, 0.05)


CLAIMS = (
    Claim(
        "eq-14", "equation", "Eq. 14, footnote 3", "4.1",
        "The empirical Fisher is the GGN of the split into −log and p.",
        _split_of_the_logarithm, Link("four-matrices", "problem=fig2&theta=1,1&closer=splits"),
    ),
    Claim(
        "eq-15", "equation", "Eq. 15", "4.1",
        "As the residuals shrink, EF goes to zero, while F approaches the Hessian.",
        _small_residuals,
        Link("four-matrices", "problem=saturation&theta=1.5,1.5&closer=residuals"),
        differs="For σ = 1; in general EF scales with σ⁻⁴ and F with σ⁻².",
    ),
    Claim(
        "definition-1", "proposition", "Def. 1, Eq. 16", "4.1",
        "A meaningful split needs an outer gradient that can reach zero; that of EF cannot.",
        _definition_1, Link("four-matrices", "problem=fig2&theta=1,1&closer=splits"),
        differs="Read literally, it also excludes logistic and softmax regression, whose residuals "
        "vanish only at infinite outputs, at no b* in the image.",
    ),
    Claim(
        "eq-17", "equation", "Eq. 17", "4.2",
        "With a correct model and enough data, EF approaches F at the minimum.",
        _convergence, Link("at-the-minimum", "problem=fig4&s=0"),
    ),
    Claim(
        "all-approach", "conclusion", "Section 4.2", "4.2",
        "Under these conditions, EF and F also approach the Hessian.",
        _all_approach, Link("at-the-minimum", "problem=saturation&s=0&n=30000"),
        differs="The text refers to Appendix C.2; the argument is in Appendix A.1.",
    ),
    Claim(
        "misspecified", "conclusion", "Section 4.2", "4.2",
        "With a misspecified model, EF and F remain apart, however large N is.",
        _stalling, Link("at-the-minimum", "problem=fig4&path=quadratic&s=1&n=100000"),
    ),
    Claim(
        "fig-2", "figure", "Fig. 2", "4.2",
        "Logistic regression: EF is close to F if the classes have equal covariances, with an "
        "accuracy of 73 %, but not in the other two cases, with 85 % or more.",
        _figure_2, Link("at-the-minimum", "problem=fig2&path=B&s=1"),
        differs="The ellipses are drawn from matrices summed over n.",
    ),
    Claim(
        "well-performing", "conclusion", "Fig. 2, note", "4.2",
        "A model that performs well need not be well specified.",
        _good_is_not_correct, Link("at-the-minimum", "problem=fig2&path=A&s=1"),
    ),
    Claim(
        "arbitrarily-wrong", "conclusion", "Figs. 2, 4, captions", "4.2",
        "EF can be arbitrarily wrong even at the minimum and with large N.",
        _arbitrarily_wrong, Link("at-the-minimum", "problem=fig4&path=noise&s=3&n=10000"),
    ),
    Claim(
        "overparameterised", "conclusion", "Section 4.2", "4.2",
        "If the model fits all the data, EF is near zero at the minimum, but the Hessian is not.",
        _overparameterised,
        Link("four-matrices", "problem=fig1&theta=1,1&closer=residuals"),
    ),
    Claim(
        "table-2", "table", "Table 2", "D.2",
        "Class means and covariances of the data of Fig. 2, with classes of equal size.",
        _table_2, Link("at-the-minimum", "problem=fig2&path=B&s=1"),
        differs="The matrices printed as covariances are factors: x = μ + M z has covariance M Mᵀ, "
        "and only that gives the accuracies of Fig. 2. The means of B are listed for the wrong "
        "classes.",
    ),
    Claim(
        "table-3", "table", "Table 3", "D.2",
        "Model and noise of the data of Fig. 4.",
        _table_3, Link("at-the-minimum", "problem=fig4&path=noise&s=1"),
        differs="Printed y = x + ε, with ε ~ N(0, 2) in A. Made with y = 1 + x + ε, a fitted "
        "intercept, and a standard deviation of 2 in A.",
    ),
    Claim(
        "fig-4", "figure", "Fig. 4", "E",
        "The same for linear regression, with larger noise (A) or a missing quadratic term (B).",
        _figure_4, Link("at-the-minimum", "problem=fig4&path=noise&s=1"),
        differs="A is only a matter of scale: with a fitted residual variance, its distance equals "
        "that of the correct model. The published ellipses include an L2 penalty of 0.01, omitted "
        "here.",
    ),
)  # fmt: skip
