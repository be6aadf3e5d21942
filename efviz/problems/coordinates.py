"""Parameters in which a linear model has no collinear columns and none that the data ignore.

Where columns of the inputs are collinear, exactly or nearly, matrices in theta are singular or have
lost the digits that matter. With X = U diag(sigma) V^T of rank K, the parameters z = V^T theta have
the inputs U diag(sigma): orthogonal columns, whose sizes do not matter to `solve_damped`. Softmax
does not change when a number is added to all outputs; there z are coefficients of outputs that sum
to zero.

theta = basis z with orthonormal columns, so steps, damping and minimum-norm solutions are the same
in z.
"""

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from efviz.arrays import Array
from efviz.problems.objective import Objective

P = TypeVar("P", bound=Objective)
P_co = TypeVar("P_co", bound=Objective, covariant=True)


@dataclass(frozen=True, eq=False)
class Coordinates(Generic[P_co]):
    """`problem` is the same problem in z (..., K); basis (D, K) has orthonormal columns."""

    problem: P_co
    basis: Array

    @property
    def complete(self) -> bool:
        """Whether the data determine all parameters: K = D."""
        return len(self.basis) == self.basis.shape[1]

    def reduce(self, theta: Array) -> Array:
        """theta (..., D) -> z (..., K)."""
        return np.asarray(theta @ self.basis)

    def restore(self, z: Array) -> Array:
        """z (..., K) -> the theta (..., D) of least norm with these outputs."""
        return np.asarray(z @ self.basis.T)


def seen_coordinates(problem: P) -> Coordinates[P] | None:
    """None where theta itself is suitable: the model has other outputs, or nothing is collinear."""
    seen = problem.model.seen(problem.likelihood.shift_invariant)
    # Moments exist only for columns that are far from collinear.
    if seen is None or problem.moments:
        return None
    model, outputs = seen
    columns, X, V = problem.columns, problem.X, np.eye(problem.X.shape[1])
    if not (columns.used.all() and columns.far):
        U, sigma, V = columns.principal_axes()
        X = np.ascontiguousarray(U * sigma)
    elif model is problem.model:
        return None
    basis = np.asarray(np.kron(outputs, V), dtype=float)
    other = replace(problem, X=X, model=model, start=problem.start @ basis, parameter_names=())
    return Coordinates(other, basis)
