"""A method is a matrix and a rule; runs take many steps with it."""

from efviz.optimizers.methods import METHODS, Method, direction, directions
from efviz.optimizers.runs import Trajectory, run

__all__ = ["METHODS", "Method", "Trajectory", "direction", "directions", "run"]
