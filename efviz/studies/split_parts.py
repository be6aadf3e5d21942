"""The generalised Gauss-Newton matrix of a split, and the part of the Hessian that it ignores."""

from dataclasses import dataclass

import numpy as np

from efviz.arrays import Array
from efviz.curvature import hessian
from efviz.curvature.splits import SPLITS, Sizes, Vanishing
from efviz.problems import Problem


@dataclass(frozen=True, eq=False)
class SplitParts:
    """One split at one theta: its GGN, the remainder, H, and the sizes of the outer gradients."""

    ggn: Array
    remainder: Array
    hessian: Array
    sizes: Sizes
    vanishing: Vanishing

    @property
    def share(self) -> float:
        """|remainder| / |H|, Frobenius norms; nan where H is zero."""
        return ratio(self.remainder, self.hessian)

    @property
    def error(self) -> float:
        """|GGN + remainder - H| relative to the largest of the three norms."""
        largest = max(
            (self.ggn, self.remainder, self.hessian), key=lambda m: float(np.linalg.norm(m))
        )
        return ratio(self.ggn + self.remainder - self.hessian, largest)


def ratio(a: Array, b: Array) -> float:
    """|a| / |b|, Frobenius norms."""
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(a) / np.linalg.norm(b))


def split_parts(problem: Problem, theta: Array, split: str) -> SplitParts:
    """The parts of one of SPLITS at theta (D,): Kunstner et al. (2019), Eqs. 9 and 10, as means."""
    chosen = SPLITS[split]
    return SplitParts(
        chosen.ggn(problem, theta),
        chosen.remainder(problem, theta),
        hessian(problem, theta),
        chosen.sizes(problem, theta),
        chosen.vanishing(problem),
    )
