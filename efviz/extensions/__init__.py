"""Declarations from outside: their check, their registration, and problems from any framework."""

from efviz.extensions.frameworks import problem_from_arrays, problem_from_function
from efviz.extensions.registration import check, register, register_installed, registered

__all__ = [
    "check",
    "problem_from_arrays",
    "problem_from_function",
    "register",
    "register_installed",
    "registered",
]
