"""A problem is an objective with its minimum, and with coordinates in which to look for it."""

from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from efviz.arrays import Array
from efviz.lazy import cached_property
from efviz.problems.coordinates import Coordinates, seen_coordinates
from efviz.problems.minimum import Minimum, find_minimum
from efviz.problems.objective import Objective


@dataclass(frozen=True, eq=False)
class Problem(Objective):
    """An objective over all of R^D, `theta_star` its minimiser; `start` is where to look for it."""

    @cached_property
    def coordinates(self) -> "Coordinates[Problem] | None":
        """Those in which nothing is collinear or unseen; None where theta itself will do."""
        return seen_coordinates(self)

    def searched_from(self, theta: Array) -> "Problem":
        """The same problem with another start: its data need no second check."""
        other = copy(self)
        for name in ("minimum", "coordinates"):
            other.__dict__.pop(name, None)
        object.__setattr__(other, "start", theta)
        return other

    def in_reverse(self) -> "Problem":
        """The same but for rounding: the examples, and with them all sums, in reverse order."""
        X, y = np.ascontiguousarray(self.X[::-1]), np.ascontiguousarray(self.y[::-1])
        return replace(self, X=X, y=y)

    @cached_property
    def minimum(self) -> Minimum:
        return find_minimum(self, self.coordinates)

    @property
    def theta_star(self) -> Array:
        """argmin L (D,), to machine precision; nan where none exists: see `minimum.reason`."""
        return self.minimum.theta
