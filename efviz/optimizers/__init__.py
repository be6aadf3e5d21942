"""Methods, each a curvature matrix and an update rule, and runs of many steps with them."""

from efviz.optimizers.methods import METHODS, Method, direction, directions
from efviz.optimizers.runs import Trajectory, run

__all__ = ["METHODS", "Method", "Trajectory", "direction", "directions", "run"]
