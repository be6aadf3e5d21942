"""A problem is an objective with its minimum, and the coordinates in which to search for it."""

from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from efviz.arrays import Array, frozen, owned
from efviz.lazy import cached_property
from efviz.problems.coordinates import Coordinates, seen_coordinates
from efviz.problems.minimum import Minimum, find_minimum
from efviz.problems.objective import Objective


@dataclass(frozen=True, eq=False, repr=False)
class Problem(Objective):
    """An objective over all of R^D with minimiser `theta_star`; a search begins at `start`."""

    @cached_property
    def coordinates(self) -> "Coordinates[Problem] | None":
        """Coordinates without collinear or undetermined parameters; None if theta has none."""
        return seen_coordinates(self)

    def searched_from(self, theta: Array) -> "Problem":
        """The same problem with another start; its data need no second check."""
        other = copy(self)
        for name in ("minimum", "coordinates"):
            other.__dict__.pop(name, None)
        object.__setattr__(other, "start", owned(theta))
        return other

    def in_reverse(self) -> "Problem":
        """The same except for rounding: the examples, and so all sums, are in reverse order."""
        X, y = np.ascontiguousarray(self.X[::-1]), np.ascontiguousarray(self.y[::-1])
        return replace(self, X=frozen(X), y=frozen(y))

    @cached_property
    def minimum(self) -> Minimum:
        return find_minimum(self, self.coordinates)

    @property
    def theta_star(self) -> Array:
        """argmin L (D,), to machine precision; nan where none exists: see `minimum.reason`."""
        return self.minimum.theta
