"""The paper, checked: CLAIMS lists every numbered statement, with a check that is computed live,
and LATER what has been claimed and asked since.

A claim is added to the file of its subject. Checks run on small seeded problems, those of figures
and tables on the shipped data and grids. They compare the library with computations that share only
f(x, theta) with it: see `independent`. The functions under test come from `Formulas`, so a test can
break each of them and see the check fail.
"""

from collections.abc import Iterable
from itertools import chain

from efviz.paper import (
    conclusions,
    critique,
    definitions,
    gauss_newton,
    geometry,
    later,
    losses,
    progress,
    variance,
)
from efviz.paper.claim import Claim, Link, Measure, Result
from efviz.paper.formulas import LIBRARY, Formulas
from efviz.work import Progress, Work

__all__ = [
    "BIBTEX",
    "CLAIMS",
    "LATER",
    "LIBRARY",
    "LISTED",
    "SECTIONS",
    "Claim",
    "Formulas",
    "Link",
    "Measure",
    "Result",
    "checks",
    "summary",
]

SECTIONS: dict[str, str] = {
    "0": "Abstract",
    "1": "1 Introduction",
    "2": "2 Related work",
    "3.1": "3.1 Natural gradient descent",
    "3.2": "3.2 Difference in terminology across fields",
    "3.3": "3.3 Generalized Gauss-Newton",
    "3.4": "3.4 Connections between the Fisher, the GGN and the Hessian",
    "4.1": "4.1 The empirical Fisher as a generalized Gauss-Newton matrix",
    "4.2": "4.2 The empirical Fisher near a minimum",
    "4.3": "4.3 Preconditioning with the empirical Fisher far from an optimum",
    "5": "5 Variance adaptation",
    "6": "6 Conclusions",
    "A.1": "A.1 Measuring distance in Kullback-Leibler divergence",
    "A.2": "A.2 The Fisher for common loss functions",
    "A.3": "A.3 The generalized Gauss-Newton as a linear approximation of the model",
    "B": "B Computational aspects",
    "C.1": "C.1 Proof of Proposition 1",
    "C.2": "C.2 Proof of Proposition 2",
    "D.1": "D.1 Vector field of the empirical Fisher preconditioning",
    "D.2": "D.2 EF as a quadratic approximation at the minimum for misspecified models",
    "D.3": "D.3 Optimization with the empirical Fisher as preconditioner",
    "E": "E Additional plots",
}

_SUBJECTS = (
    definitions, gauss_newton, critique, progress, variance, geometry, losses, conclusions,
)  # fmt: skip

CLAIMS: dict[str, Claim] = {
    claim.key: claim
    for section in SECTIONS
    for claim in chain.from_iterable(subject.CLAIMS for subject in _SUBJECTS)
    if claim.section == section
}
"""By key, in the order of the sections of the paper."""

LATER: dict[str, Claim] = {claim.key: claim for claim in later.CLAIMS}
"""Claims and public questions since the paper, by key."""

LISTED = CLAIMS | LATER

SECTIONS |= later.SECTIONS

BIBTEX = """@inproceedings{kunstner2019limitations,
  title     = {Limitations of the Empirical {F}isher Approximation for Natural Gradient Descent},
  author    = {Kunstner, Frederik and Hennig, Philipp and Balles, Lukas},
  booktitle = {Advances in Neural Information Processing Systems},
  volume    = {32},
  pages     = {4156--4167},
  year      = {2019}
}
"""


def checks() -> Work[dict[str, Result]]:
    """Work towards the results of all checks, by the keys of their claims."""
    found: dict[str, Result] = {}
    checked = [claim for claim in LISTED.values() if claim.check]
    for claim in checked:
        found[claim.key] = claim.result()
        yield Progress(len(found) / len(checked), found.copy)
    return found


def summary(results: Iterable[Result]) -> str:
    """A sentence on how many checks hold so far, and on the other statements of LISTED."""
    passed = [result.passed for result in results]
    checks = sum(claim.check is not None for claim in LISTED.values())
    done = "" if len(passed) == checks else f" ({checks - len(passed)} to come)"
    differ = sum(bool(claim.differs) for claim in LISTED.values())
    words = (
        f"{sum(passed)} of {len(passed)} checks hold{done}. {differ} rows correct or explain the"
    )
    return f"{words} printed text; {len(LISTED) - checks} statements cannot be checked numerically."
