"""What becomes of a run."""

from enum import StrEnum


class Status(StrEnum):
    """The one list of what can become of a run, in arrays and files as its text.

    A run of `optimizers` is CONVERGED where its loss equals the minimum to working precision,
    DIVERGED where the loss went beyond its limit or is not a number, and RUNNING else. A cell of a
    sweep is FINISHED after all its steps, SINGULAR where a matrix is so to working precision, and
    MISSING where it was not computed.
    """

    RUNNING = "running"
    CONVERGED = "converged"
    DIVERGED = "diverged"
    FINISHED = "finished"
    SINGULAR = "singular"
    MISSING = "missing"
