"""The possible outcomes of a run."""

from enum import StrEnum


class Status(StrEnum):
    """The one list of outcomes of a run, stored in arrays and files as its text.

    A run of `optimizers` is CONVERGED where its loss equals the minimum to within a tolerance,
    DIVERGED where the loss exceeded its limit or is not a number, and RUNNING otherwise. A cell of
    a sweep is FINISHED after all its steps, SINGULAR where a matrix is singular to working
    precision, and MISSING where it was not computed.
    """

    RUNNING = "running"
    CONVERGED = "converged"
    DIVERGED = "diverged"
    FINISHED = "finished"
    SINGULAR = "singular"
    MISSING = "missing"
