"""The abstract and section 6: the conclusions of the paper, numerical and other."""

from functools import partial

import numpy as np

from efviz.arrays import cosine
from efviz.curvature.distance import relative_distance
from efviz.paper.cases import case, with_residuals
from efviz.paper.claim import Claim, Link, Measures, at_least, at_most, exactly
from efviz.paper.critique import distance_at_minimum
from efviz.paper.formulas import Formulas
from efviz.paper.progress import PLANE


def _no_curvature(formulas: Formulas) -> Measures:
    problem = formulas.problem("fig1")
    H, EF, F = (
        matrix(problem, PLANE)
        for matrix in (formulas.hessian, formulas.empirical_fisher, formulas.fisher)
    )
    ef, f = relative_distance(EF, H), relative_distance(F, H)
    yield at_least("median ‖EF − H‖/‖H‖ over the plane of Fig. 1", np.median(ef), 1)
    yield at_most("largest ‖F − H‖/‖H‖", f.max(), 1e-12)


def _pathologies(formulas: Formulas) -> Measures:
    problem = formulas.problem("fig1")
    ngd, ef = (formulas.direction(problem, m, PLANE, damping=1e-8).x for m in ("NGD", "EFGD"))
    cosines = cosine(ngd, ef)
    away = np.mean(cosines < 0)
    yield at_least("share of the plane of Fig. 1 where EFGD points away from NGD", away, 0.05)
    yield at_most("smallest cos(NGD, EFGD)", cosines.min(), -0.5)


def _split_keeps_nothing(formulas: Formulas) -> Measures:
    """The share of H that each split leaves out where the model almost fits."""
    problem, theta = case("nonlinear")
    near = with_residuals(problem, theta, 1e-3)
    H = np.linalg.norm(formulas.hessian(near, theta))
    canonical, ef = (
        np.linalg.norm(formulas.splits[key].remainder(near, theta)) / H
        for key in ("canonical", "empirical_fisher")
    )
    yield at_least("share of H that EF's split leaves out at an almost perfect fit", ef, 0.99)
    yield at_most("share that the canonical split leaves out", canonical, 0.01)


def _all_conditions(formulas: Formulas) -> Measures:
    distance = partial(distance_at_minimum, formulas, "fig4")
    N = 100_000
    few = [distance("", 0.0, 10, seed) for seed in range(9)]
    correct = "‖EF − F‖/‖F‖ at the minimum, correct model, N = 100,000"
    yield at_most(correct, distance("", 0.0, N), 0.02)
    yield at_least("away from the minimum", distance("", 0.0, N, shift=1.0), 0.3)
    yield at_least("with a misspecified model", distance("quadratic", 1.0, N), 0.3)
    yield at_least("with too few data, N = 10, median of 9", np.median(few), 0.2)


def _poor_performance(formulas: Formulas) -> Measures:
    excess = [ratio - 1 for ratio in formulas.ratios().values()]
    worse = sum(e > 5e-3 for e in excess)
    yield exactly("data sets", len(excess), 7)
    yield at_least("sets where EFGD's best loss exceeds NGD's by more than 0.5 %", worse, 3)
    yield at_most("largest relative excess of NGD's best loss over EFGD's", -min(excess), 1e-6)


CLAIMS = (
    Claim("no-curvature", "conclusion", "Abstract", "0",
        "Unlike the Fisher, EF does not generally capture second-order information.",
        _no_curvature, Link("four-matrices", "problem=fig1&theta=1,1")),
    Claim("pathologies", "conclusion", "Abstract", "0",
        "Even on simple problems, the pathologies of EF have undesirable effects.",
        _pathologies, Link("vector-fields", "problem=fig1&cos=1")),
    Claim("unlikely", "conclusion", "Abstract", "0",
        "The conditions under which EF approaches F are unlikely to be met in practice.",
        link=Link("at-the-minimum", "problem=wine"),
        uncomputed="How likely that is in practice cannot be computed. The checks of section 4.2 "
        "show what happens without these conditions."),
    Claim("history", "conclusion", "Sections 1, 2", "2",
        "Earlier works use EF in place of F, as a preconditioner or a curvature, knowingly or not.",
        uncomputed="Statements about other works, with references."),
    Claim("split", "conclusion", "Section 6, first", "6",
        "EF is formally a GGN, but its split retains no useful second-order information.",
        _split_keeps_nothing,
        Link("four-matrices", "problem=saturation&theta=1.5,1.5&closer=splits")),
    Claim("all-conditions", "conclusion", "Section 6, second", "6",
        "EF is close to F only if all three hold: a minimum, a correct model and enough data.",
        _all_conditions, Link("at-the-minimum", "problem=fig4&s=0&n=10")),
    Claim("poor-performance", "conclusion", "Section 6, third", "6",
        "Far from an optimum, EF often performs poorly even for linear models.",
        _poor_performance, Link("optimization", "set=breast-cancer")),
    Claim("avenue", "conclusion", "Section 6, fourth", "6",
        "Variance adaptation is an avenue for future research.",
        link=Link("gradient-noise", "problem=fig2"), uncomputed="A proposal."),
    Claim("safer", "conclusion", "Section 6", "6",
        "The true Fisher is the safer choice and should be preferred in virtually all cases.",
        uncomputed="Advice, which rests on the checks above."),
    Claim("reluctance", "conclusion", "Section 6", "6",
        "The Fisher is avoided for lack of convenient implementations.",
        uncomputed="A conjecture about the motives of programmers."),
)  # fmt: skip
