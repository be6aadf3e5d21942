"""The figures of the page Four matrices: at one theta, of one example, of one source of labels."""

from collections.abc import Mapping

import numpy as np

from efviz.arrays import Array
from efviz.curvature.conics import Conic
from efviz.datasets.dataset import Dataset
from efviz.fields import Plane
from efviz.figures.curve_names import together, written
from efviz.figures.data_views import data_panel
from efviz.figures.matrices import cell_panels, level_sets_panel, spectra_panel
from efviz.figures.theme import Spec, style_of_matrix
from efviz.problems import Problem
from efviz.studies.four_matrices import Names, finite, joined
from efviz.studies.label_sources import LabelMatrix
from efviz.studies.one_example import Contribution

SHORT: dict[str, tuple[str, str]] = {
    "observed": ("EF", "observed"),
    "exact": ("F", "expectation"),
    "sampled": ("F", "M = {M}"),
    "most_likely": ("g gᵀ", "most likely"),
    "reversed": ("g gᵀ", "reversed logits"),
    "squared_mean": ("E[g gᵀ]", "B = {B}"),
}
"""Titles and subtitles of the matrices of LABEL_SOURCES."""

MOST_IN_TITLE = 40
"""The most letters of the title of a matrix beside its name."""


def theta_panels(
    dataset: Dataset,
    problem: Problem,
    plane: Plane,
    theta: Array,
    row: int,
    level_sets: Mapping[Names, Conic],
    spectra: Mapping[str, Array],
    loss: Array | None = None,
    *,
    editing: bool = False,
) -> dict[str, Spec]:
    """Data with the example in `row` marked, level sets and eigenvalues at theta (2,).

    The loss (n, n) on the plane is None where it is not known yet.
    """
    names, minimum = problem.parameter_names, problem.minimum
    # Matrices that are not finite have no level set, and an empty column.
    others = [(name,) for name in spectra if not any(name in equal for equal in level_sets)]
    star = minimum.theta if minimum.exists else None
    return {
        "data": data_panel(dataset, problem, theta=theta, example=row, editing=editing),
        "level sets": level_sets_panel(level_sets, theta, names, plane, loss, star),
        "eigenvalues": spectra_panel(spectra, [*level_sets, *others]),
    }


def matrix_panels(problem: Problem, matrices: Mapping[str, Array]) -> dict[str, Spec]:
    """The cells of the matrices, equal ones once, with dashes where there is no number."""
    known = finite(matrices)
    once = joined(known) | {(k,): matrix for k, matrix in matrices.items() if k not in known}
    shown = [(together(names), _subtitle(names), matrix) for names, matrix in once.items()]
    return cell_panels(shown, problem.parameter_names)


def _subtitle(names: Names) -> str:
    """The whole name of a matrix, or that several are equal."""
    if len(names) > 1:
        return "equal to working precision"
    return written(style_of_matrix(names[0]).name, MOST_IN_TITLE)


def term_panels(problem: Problem, terms: Contribution) -> dict[str, Spec]:
    """What one example adds to EF and to F."""
    shown = [
        ("g gᵀ / N", "into EF", terms.empirical_fisher),
        ("E[g gᵀ] / N", "into F", terms.fisher),
    ]
    return cell_panels(shown, problem.parameter_names)


def label_panels(
    problem: Problem,
    matrices: Mapping[str, Array],
    labels: LabelMatrix | None = None,
    *,
    source: str,
    M: int,
    batch_size: int = 1,
) -> dict[str, Spec]:
    """The matrix of one of LABEL_SOURCES beside the Fisher.

    `matrices` has the Fisher. Until that of the source is known there are dashes in its place:
    nothing jumps then.
    """
    F = matrices["F"]
    title, subtitle = SHORT[source]
    matrix = labels.matrix if labels else np.full(F.shape, np.nan)
    shown = [(title, subtitle.format(M=f"{M:,}", B=f"{batch_size:,}"), matrix), ("F", "exact", F)]
    if labels and labels.realised is not None:
        count = "1 batch" if labels.n_batches == 1 else f"{labels.n_batches:,} batches"
        shown.insert(1, ("g gᵀ", f"mean of {count}", labels.realised))
    return cell_panels(shown, problem.parameter_names)
