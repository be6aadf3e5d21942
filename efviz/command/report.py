"""The file of a sweep: what was fitted, the best run with its parameters, and every cell.

A JSON file is one object. A CSV file is the table of the cells below lines `# key: value` with the
same keys and values in JSON; pandas.read_csv(file, comment="#") reads the table only.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from efviz import __version__
from efviz.datasets.dataset import BIAS, Dataset
from efviz.files import replacing
from efviz.optimizers import METHODS, run
from efviz.problems import Problem
from efviz.problems.own import key_of
from efviz.sweeps import Sweep

SUFFIXES = (".csv", ".json")


@dataclass(frozen=True, eq=False)
class Fitted:
    """A data set and the problem built from it, with its inputs standardised or raw.

    `name` is the name of the data set or of its file.
    """

    name: str
    data: Dataset
    problem: Problem
    standardised: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a reader of any result has to know: on the data, and on the minimum if
        there is none or more than one."""
        reason = self.problem.minimum.reason
        return (*self.data.notes, reason) if reason else self.data.notes

    def described(self) -> dict[str, Any]:
        """Everything except the numbers of the data, as values of JSON."""
        names = self.problem.parameter_names
        return {
            "data": self.name,
            "source": self.data.source,
            "citation": self.data.citation,
            "regression": key_of(self.problem.likelihood),
            "target": self.data.target_name.removesuffix(f" = {self.data.positive}"),
            "class_called_1": self.data.positive or None,
            "inputs": [name for name in names if name != BIAS],
            "scaling": "standardised" if self.standardised else "raw",
            "notes": list(self.notes),
            "N": self.problem.N,
            "D": self.problem.D,
            # The intercept belongs to the column of ones.
            "parameters": ["intercept" if name == BIAS else name for name in names],
        }


def write(path: Path, fitted: Fitted, sweep: Sweep) -> None:
    """Write the file at `path`, CSV or JSON by its suffix, whole or not at all. Raises OSError."""
    import pandas

    described = {"efviz": __version__, **fitted.described(), **_search(fitted.problem, sweep)}
    columns = sweep.columns()
    with replacing(path) as file:
        if path.suffix == ".csv":
            file.write(_lines(described))
            table = pandas.DataFrame(columns)
            table.to_csv(file, index=False, lineterminator="\n", encoding="utf-8")
        else:
            columns["final_loss"] = [_number(x) for x in columns["final_loss"]]
            file.write(json.dumps({**described, "cells": columns}, allow_nan=False).encode())


def _search(problem: Problem, sweep: Sweep) -> dict[str, Any]:
    step_size, damping, loss = sweep.best()
    theta, reached = None, np.nan
    if np.isfinite(loss):
        best = run(
            problem,
            sweep.method,
            problem.start,
            step_size=step_size,
            damping=damping,
            n_steps=sweep.n_steps,
            record=1,
        )
        theta, reached = best.final_theta.tolist(), float(best.final_loss)
    return {
        "method": sweep.method,
        "theta_0": problem.start.tolist(),
        "n_steps": sweep.n_steps,
        "first_loss": _number(sweep.first_loss),
        "best": {
            "step_size": _number(step_size),
            "damping": _number(damping) if METHODS[sweep.method].damped else None,
            "final_loss": _number(loss),
            "theta": theta,
            # Equal to `final_loss` up to rounding, unless the run depends on rounding.
            "loss_at_theta": _number(reached),
        },
        "depends_on_rounding": sweep.chaotic,
    }


def _lines(described: dict[str, Any]) -> bytes:
    lines = (
        f"# {key}: {json.dumps(value, allow_nan=False, ensure_ascii=False)}\n"
        for key, value in described.items()
    )
    # Bytes of a file name that are not UTF-8 are escaped as in JSON.
    return "".join(lines).encode("utf-8", "backslashreplace")


def _number(value: float) -> float | None:
    """`value`, or None where it is not finite, as JSON has neither nan nor infinity."""
    return value if np.isfinite(value) else None
