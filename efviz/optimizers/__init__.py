"""A method is a matrix and a rule; runs take many steps with it."""

from efviz.optimizers.methods import METHODS, Method, direction, directions
from efviz.optimizers.runs import Runs, Trajectory, run

__all__ = ["METHODS", "Method", "Runs", "Trajectory", "direction", "directions", "run"]
