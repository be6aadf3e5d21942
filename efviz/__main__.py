"""python -m efviz: data sets, sweeps and the checks of the paper without a browser."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from efviz import results
from efviz.catalogue import optimization_problem
from efviz.data import Array, Dataset
from efviz.datasets import DATASETS, DataUnavailable, load
from efviz.optimizers import METHODS
from efviz.sweeps import DAMPINGS, STEP_SIZES, Progress, Sweep, grid_search
from efviz.sweeps.rounding import CHAOS
from efviz.tables import read_table, whole_dataset

if TYPE_CHECKING:
    from efviz.paper import Result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except (DataUnavailable, ValueError) as error:
        print(f"efviz: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("efviz: stopped; what was finished is kept", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m efviz", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    data = commands.add_parser(
        "data",
        help="list the real data sets, where each came from, and fetch those that are not here",
        description="List the real data sets and where each came from, and fetch the rest.",
    )
    data.add_argument("names", nargs="*", metavar="name", help="only these data sets")
    data.add_argument("--no-fetch", action="store_true", help="list only, ask no network")
    data.set_defaults(command=_data)
    sweep = commands.add_parser(
        "sweep",
        help="run a method for every step size and damping of a grid",
        description="Run a method on a data set for every step size and damping of a grid, by "
        "default that of the paper's Table 5. What is finished is kept: a sweep that was stopped "
        "or killed goes on where it was.",
    )
    sweep.add_argument("data", help=f"a CSV file, or one of {', '.join(DATASETS)}")
    sweep.add_argument("--method", choices=list(METHODS), required=True)
    sweep.add_argument("--out", type=Path, required=True, help="where to: a .csv or .json file")
    sweep.add_argument("--target", help="the column of a CSV file to predict")
    sweep.add_argument("--standardised", action="store_true", help="columns to mean 0, deviation 1")
    for axis, usual in (("--step-sizes", "-20 10 241"), ("--dampings", "-10 10 41")):
        sweep.add_argument(
            axis,
            nargs=3,
            type=float,
            metavar=("FIRST", "LAST", "COUNT"),
            help=f"their log10, evenly spaced; by default {usual}",
        )
    sweep.add_argument("--steps", type=int, default=100, help="steps of each run")
    sweep.add_argument("--jobs", type=int, default=1, help="processes; -1 for one a core")
    sweep.set_defaults(command=_sweep)
    results = commands.add_parser(
        "results",
        help="the paper's Table 6, printed beside reproduced",
        description="Show the paper's Table 6 as printed and as its grid search gives it.",
    )
    results.add_argument(
        "--renew", action="store_true", help="compute the shipped results again (some minutes)"
    )
    results.set_defaults(command=_results)
    paper = commands.add_parser(
        "paper",
        help="the paper's claims, each checked now",
        description="Check every claim, equation, figure and table of the paper, one a line. Exits "
        "with 1 if a check fails.",
    )
    paper.add_argument("--json", action="store_true", help="the same as JSON")
    paper.set_defaults(command=_paper)
    return parser


def _data(options: argparse.Namespace) -> int:
    unknown = [name for name in options.names if name not in DATASETS]
    if unknown:
        raise ValueError(f"no data set {unknown[0]!r}; there are {', '.join(DATASETS)}")
    missing = []
    for name in options.names or DATASETS:
        entry = DATASETS[name]
        if not entry.found() and entry.remote and not options.no_fetch:
            try:
                entry.remote.table(progress=sys.stderr.isatty())
            except DataUnavailable as error:
                missing.append(str(error))
        found = entry.found()
        words = found or "not here"
        if found:
            data = load(name)
            words = f"{data.X.shape[0]} × {data.X.shape[1]}, from {found}"
        print(f"{name}: {entry.title}\n  {words}\n  {entry.citation}; {entry.licence}")
        print(f"  {entry.notes}\n")
    for sentence in missing:
        print(f"efviz: {sentence}", file=sys.stderr)
    return 1 if missing else 0


def _sweep(options: argparse.Namespace) -> int:
    import joblib
    from tqdm import tqdm

    if options.out.suffix not in (".csv", ".json"):
        raise ValueError(f"--out must end in .csv or .json, got {options.out}")
    data = _dataset(options.data, options.target)
    problem = optimization_problem(data, standardised=options.standardised)
    layout = "{l_bar}{bar}| {elapsed}{postfix}"
    bar = tqdm(total=1.0, desc=f"{data.name} {options.method}", bar_format=layout, leave=False)

    def show(progress: Progress) -> None:
        bar.set_postfix_str(f"{progress.seconds_left:.0f} s left", refresh=False)
        bar.update(progress.fraction - bar.n)

    with bar, joblib.parallel_config(n_jobs=options.jobs):
        result = grid_search(
            problem,
            options.method,
            _grid(options.step_sizes, STEP_SIZES),
            _grid(options.dampings, DAMPINGS),
            n_steps=options.steps,
            progress=show,
        )
    _write(options.out, data, result)
    print(f"{data.name}, {options.method}: {_summary(result)}")
    return 0


def _results(options: argparse.Namespace) -> int:
    if options.renew:
        from tqdm import tqdm

        with tqdm(total=1.0, bar_format="{desc} {l_bar}{bar}| {elapsed}", leave=False) as bar:

            def show(paper: str, method: str, progress: Progress) -> None:
                bar.set_description_str(f"{paper} {method}", refresh=False)
                bar.n = progress.fraction
                bar.refresh()

            results.renew(progress=show)
        results.lines.cache_clear()
    for line in results.lines():
        printed, best = (
            f"{cell[0]:7.3f}{'' if cell[1] is None else f'{cell[1]:6.1f}':6}"
            for cell in (line.printed, line.best)
        )
        print(
            f"{line.paper:13}{line.method:5} printed {printed} {line.printed_loss:14.8g}   "
            f"grid {best} {line.best_loss:14.8g}   {line.sentence()}"
        )
    return 0


def _paper(options: argparse.Namespace) -> int:
    from efviz import paper

    found = {key: claim.result() for key, claim in paper.CLAIMS.items() if claim.check}
    if options.json:
        print(json.dumps(_claims(found), ensure_ascii=False, indent=1))
    else:
        for key, claim in paper.CLAIMS.items():
            result = found.get(key)
            verdict = "-" if result is None else "ok" if result.passed else "FAILS"
            words = claim.uncomputed or "; ".join(
                f"{m.words} {m.shown} ({m.tolerance})" for m in found[key].measures
            )
            print(f"{verdict:6}{claim.where:26} {claim.says}  {words}")
        print(paper.summary(found.values()))
    return 0 if all(result.passed for result in found.values()) else 1


def _claims(found: "Mapping[str, Result]") -> list[dict[str, object]]:
    from efviz.paper import CLAIMS, SECTIONS

    return [
        {
            "key": key,
            "kind": claim.kind,
            "where": claim.where,
            "section": SECTIONS[claim.section],
            "says": claim.says,
            "differs": claim.differs,
            "uncomputed": claim.uncomputed,
            "link": f"{claim.link.page}?{claim.link.query}" if claim.link else None,
            "passed": found[key].passed if key in found else None,
            "measures": [
                {
                    "words": m.words,
                    "value": m.value if np.isfinite(m.value) else None,
                    "tolerance": m.tolerance,
                    "passed": m.passed,
                }
                for m in (found[key].measures if key in found else ())
            ],
        }
        for key, claim in CLAIMS.items()
    ]


def _dataset(name: str, target: str | None) -> Dataset:
    if name in DATASETS:
        return load(name)
    if not Path(name).is_file():
        raise ValueError(f"{name!r} is no file and no data set; there are {', '.join(DATASETS)}")
    data, notes = whole_dataset(
        read_table(Path(name).read_bytes(), Path(name).stem), target=target or ""
    )
    for note in notes:
        print(f"efviz: {note}", file=sys.stderr)
    return data


def _grid(spaced: Sequence[float] | None, default: Array) -> Array:
    if spaced is None:
        return default
    if spaced[2] < 1 or spaced[2] != int(spaced[2]):
        raise ValueError(f"COUNT must be a whole number from 1 on, got {spaced[2]:g}")
    return np.logspace(spaced[0], spaced[1], int(spaced[2]))


def _write(path: Path, data: Dataset, result: Sweep) -> None:
    """The whole table in one go: a reader never sees half a file."""
    import pandas

    columns = result.columns()
    part = path.with_name(f"{path.name}.part")
    if path.suffix == ".csv":
        pandas.DataFrame(columns).to_csv(part, index=False)
    else:
        step_size, damping, loss = (x if np.isfinite(x) else None for x in result.best())
        best = {"step_size": step_size, "damping": damping, "final_loss": loss}
        columns["final_loss"] = [x if np.isfinite(x) else None for x in columns["final_loss"]]
        document = {
            "data": data.name,
            "source": data.source,
            "citation": data.citation,
            "method": result.method,
            "n_steps": result.n_steps,
            "first_loss": result.first_loss,
            "best": best,
            "depends_on_rounding": result.chaotic,
            "cells": columns,
        }
        part.write_text(json.dumps(document, allow_nan=False))
    os.replace(part, path)


def _summary(result: Sweep) -> str:
    step_size, damping, loss = result.best()
    if not np.isfinite(loss):
        return "no run finished"
    words = f"least loss {loss:.9g} at step size 10^{np.log10(step_size):.3f}"
    if METHODS[result.method].curvature:
        words += f", damping 10^{np.log10(damping):.1f}" if damping else ", no damping"
    others = result.others
    words += f"; {others} other cells are as good" if others else "; no other cell is as good"
    if result.change_by_rounding > CHAOS:
        words += (
            "; this run depends on rounding (a change in the last digit changes its loss by "
            f"{result.change_by_rounding:.0e})"
        )
    elif result.contested:
        words += f". {results.CONTESTED}"
    return words


if __name__ == "__main__":
    raise SystemExit(main())
