"""Table 6 as printed and as reproduced: shipped results of the grid search on the paper's sets.

`python -m efviz results --renew` recreates the two files of this folder from the sweeps:
table6.json, with one line per set and method, and grids.npz, with every status and the losses of
all finished runs (in float32, for figures).
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from efviz.datasets import DATASETS
from efviz.files import check_writable, replacing
from efviz.numbers import percent
from efviz.optimizers import METHODS
from efviz.optimizers.status import Status
from efviz.problems.catalogue import optimization_problem
from efviz.sweeps import DAMPINGS, STEP_SIZES, Sweep, grid_search
from efviz.sweeps.outcome import STATUSES
from efviz.sweeps.rounding import CHAOS, change_by_rounding
from efviz.work import Progress

FOLDER = Path(__file__).parent

TABLE_6: dict[str, dict[str, tuple[float, float | None]]] = {
    "Boston": {"GD": (-5.25, None), "NGD": (0.125, -10.0), "EFGD": (-1.25, -8.0)},
    "BreastCancer": {"GD": (-5.125, None), "NGD": (0.125, -10.0), "EFGD": (-1.25, -10.0)},
    "a1a": {"GD": (0.25, None), "NGD": (0.25, -10.0), "EFGD": (-0.375, -8.0)},
    "Wine": {"GD": (-5.625, None), "NGD": (0.0, -8.5), "EFGD": (-1.375, -6.0)},
    "Energy": {"GD": (-5.5, None), "NGD": (0.0, -7.5), "EFGD": (0.875, -3.0)},
    "Powerplant": {"GD": (-5.75, None), "NGD": (-0.625, -8.0), "EFGD": (3.375, -1.0)},
    "Yacht": {"GD": (-1.5, None), "NGD": (-0.75, -7.5), "EFGD": (1.625, -6.5)},
}
"""As printed in App. D: log10 of the selected step size and damping, None for no damping."""

WHY: dict[tuple[str, str], str] = {
    ("Boston", "NGD"): "The paper repeats the step size of BreastCancer here.",
    (
        "Boston",
        "EFGD",
    ): "The paper repeats the step size of BreastCancer here, with which the loss hardly "
    "falls in 100 steps; the published curve was not made with it.",
    (
        "Powerplant",
        "EFGD",
    ): "The runs of both cells jump about and never settle: which of them is "
    "lower after 100 steps is chance.",
}
"""Further facts about printed lines."""

CONTESTED = "Other runs depend on rounding: another machine may select one of them"

SEEN = 1e-6
"""Losses of neighbouring cells, as shown, differ by at least this much, relatively."""


@dataclass(frozen=True)
class Line:
    """One line of Table 6: the printed cell, the best cell of the grid, and a verdict.

    Exponents are log10; `tied` lists the (row, column) of all cells within 1e-12 of the best loss,
    the column being 0 for GD. `best_change` and `printed_change` are the relative changes of the
    losses when the last digits of their runs change; `contested` is as in Sweep. `verdict` is
    "same", "same loss, tie" or "differs", according to `excess`, the loss of the printed cell
    relative to the best one, minus 1 (inf if the printed run does not finish).
    """

    name: str
    paper: str
    method: str
    printed: tuple[float, float | None]
    printed_status: str
    printed_loss: float
    printed_change: float
    best: tuple[float, float | None]
    best_loss: float
    best_change: float
    contested: bool
    tied: tuple[tuple[int, int], ...]
    verdict: str
    excess: float

    @property
    def chaotic(self) -> bool:
        """Whether the selected or the printed run depends on rounding, or which one is selected."""
        return max(self.best_change, self.printed_change) > CHAOS or self.contested

    def sentence(self) -> str:
        """The verdict in words."""
        others = len(self.tied) - 1
        words = {
            "same": "The same cell"
            + (f"; {others} others are as good." if others else ", and no other is as good."),
            "same loss, tie": f"The same loss: the printed cell is one of {others + 1} that are as "
            "good.",
            "differs": "Another cell: the printed one "
            + (
                f"ends {percent(self.excess)} higher."
                if np.isfinite(self.excess)
                else "does not finish."
            ),
        }[self.verdict]
        if self.best_change > CHAOS:
            words += f" {_depends_on_rounding('selected', self.best_change)}, so "
            words += (
                "another machine may select another cell."
                if self.best_change > SEEN
                else "its last digits differ between machines."
            )
        elif self.contested:
            words += f" {CONTESTED}."
        elif self.printed_change > CHAOS:
            words += f" {_depends_on_rounding('printed', self.printed_change)}."
        why = WHY.get((self.paper, self.method), "")
        return f"{words} {why}".strip()


def _depends_on_rounding(which: str, change: float) -> str:
    return (
        f"The {which} run depends on rounding: a change in the last digit changes its loss by "
        f"{percent(change)}"
    )


def paper_sets() -> dict[str, str]:
    """The names in DATASETS of the sets of Table 6, by their names in the paper."""
    names = {entry.paper: name for name, entry in DATASETS.items() if entry.paper}
    return {paper: names[paper] for paper in TABLE_6}


def compute(
    paper: str, method: str, progress: Callable[[Progress[Sweep]], object] | None = None
) -> tuple[Line, Sweep]:
    """The full grid of Table 5, and the line of Table 6 that follows from it."""
    name = paper_sets()[paper]
    problem = optimization_problem(name)
    sweep = grid_search(problem, method, STEP_SIZES, DAMPINGS, progress=progress)
    printed = TABLE_6[paper][method]
    row = _nearest(STEP_SIZES, printed[0])
    column = 0 if printed[1] is None else _nearest(DAMPINGS, printed[1])
    damped = METHODS[method].damped
    tied = sweep.tied if damped else sweep.tied[:, :1]
    step_size, damping, loss = sweep.best()
    best = (_exponent(step_size), _exponent(damping) if damped else None)
    finished = sweep.status[row, column] == Status.FINISHED
    printed_loss = float(sweep.final_loss[row, column])
    change = change_by_rounding(problem, method, STEP_SIZES[row], DAMPINGS[column])
    line = Line(
        name=name,
        paper=paper,
        method=method,
        printed=printed,
        printed_status=str(sweep.status[row, column]),
        printed_loss=printed_loss,
        printed_change=float(change),
        best=best,
        best_loss=loss,
        best_change=sweep.change_by_rounding,
        contested=sweep.contested,
        tied=tuple((int(i), int(j)) for i, j in np.argwhere(tied)),
        verdict="same" if best == printed else "same loss, tie" if tied[row, column] else "differs",
        excess=printed_loss / loss - 1 if finished else np.inf,
    )
    return line, sweep


def _nearest(grid: np.ndarray, exponent: float) -> int:
    return int(np.argmin(np.abs(np.log10(grid) - exponent)))


def _exponent(value: float) -> float:
    return round(float(np.log10(value)), 6) + 0.0


def renew(
    folder: Path = FOLDER, progress: Callable[[str, str, Progress[Sweep]], object] | None = None
) -> None:
    """Compute everything that is not cached and write the two files to `folder`.

    Raises ValueError, before computing anything, if the files cannot be written there.
    """
    for name in ("table6.json", "grids.npz"):
        check_writable(folder / name)
    done = []
    grids: dict[str, Any] = {}
    for paper, lines in TABLE_6.items():
        for method in lines:
            line, sweep = compute(paper, method, progress and partial(progress, paper, method))
            done.append(asdict(line))
            columns = slice(None) if METHODS[method].damped else slice(1)
            finished = sweep.status == Status.FINISHED
            loss = np.where(finished, sweep.final_loss, np.nan).astype(np.float32)
            status = np.array(
                [STATUSES.index(Status(word)) for word in sweep.status.ravel()], np.uint8
            )
            grids[f"{line.name}/{method}/loss"] = loss[:, columns]
            grids[f"{line.name}/{method}/status"] = status.reshape(loss.shape)[:, columns]
            grids[f"{line.name}/{method}/first"] = np.array(sweep.first_loss)
    text = ",\n".join(json.dumps(line) for line in done)
    with replacing(folder / "table6.json") as file:
        file.write(f"[\n{text}\n]\n".encode())
    with replacing(folder / "grids.npz") as file:
        np.savez_compressed(file, **grids)


@lru_cache
def lines() -> tuple[Line, ...]:
    """The shipped lines of Table 6, in the order of the table."""
    read = []
    for entry in json.loads((FOLDER / "table6.json").read_text(encoding="utf-8")):
        entry["printed"], entry["best"] = tuple(entry["printed"]), tuple(entry["best"])
        entry["tied"] = tuple((i, j) for i, j in entry["tied"])
        read.append(Line(**entry))
    return tuple(read)


def line(name: str, method: str) -> Line | None:
    """The shipped line of a data set (a key of DATASETS) and a method, if there is one."""
    found = (line for line in lines() if (line.name, line.method) == (name, method))
    return next(found, None)


@lru_cache
def sweep(name: str, method: str) -> Sweep | None:
    """The shipped grid of a data set and a method, for figures: losses have seven digits.

    The losses of unfinished runs are nan and their numbers of steps unknown (-1). None if no grid
    is shipped. For all digits call `grid_search`.
    """
    with np.load(FOLDER / "grids.npz", allow_pickle=False) as file:
        if f"{name}/{method}/loss" not in file:
            return None
        loss, status = file[f"{name}/{method}/loss"], file[f"{name}/{method}/status"]
        first = float(file[f"{name}/{method}/first"])
    shape = (len(STEP_SIZES), len(DAMPINGS))
    found = line(name, method)
    tied = np.zeros(shape, dtype=bool)
    for row, column in found.tied if found else ():
        tied[row, column if METHODS[method].damped else slice(None)] = True
    return Sweep(
        method=method,
        step_sizes=STEP_SIZES,
        dampings=DAMPINGS,
        n_steps=100,
        first_loss=first,
        final_loss=np.broadcast_to(loss.astype(float), shape),
        status=np.broadcast_to(np.array(STATUSES)[status], shape),
        steps_taken=np.full(shape, -1),
        tied=tied,
        change_by_rounding=found.best_change if found else np.nan,
        contested=found.contested if found else False,
    )
