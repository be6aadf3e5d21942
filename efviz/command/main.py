"""Commands: data sets, sweeps and the checks of the paper without a browser."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from efviz import __version__, results
from efviz.arrays import Array
from efviz.command import terminal
from efviz.datasets import DATASETS, DataUnavailable, load
from efviz.datasets.dataset import Dataset
from efviz.datasets.tables import read_table
from efviz.extensions import register_installed
from efviz.files import check_writable, reason
from efviz.optimizers import METHODS
from efviz.problems.catalogue import optimization_problem
from efviz.problems.own import REGRESSIONS, whole_dataset
from efviz.sweeps import DAMPINGS, STEP_SIZES, Sweep, grid_search
from efviz.sweeps.rounding import CHAOS

if TYPE_CHECKING:
    from efviz.command.report import Fitted
    from efviz.paper import Result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    register_installed()
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except BrokenPipeError:
        raise  # the caller has to end quietly
    except (DataUnavailable, ValueError) as error:
        terminal.say(str(error))
        return 1
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        terminal.say(f"the operating system refuses{where}: {reason(error)}.")
        return 1
    except KeyboardInterrupt:
        terminal.say("stopped; finished results are kept")
        return 130


def _parser() -> argparse.ArgumentParser:
    installed = Path(sys.argv[0]).stem == "efviz"
    parser = argparse.ArgumentParser(
        prog="efviz" if installed else "python -m efviz",
        description=__doc__,
        epilog="Without a command, efviz serves the dashboard. Options of `streamlit run`, such as "
        "--server.port 8502, are passed on.",
    )
    parser.add_argument("--version", action="version", version=f"efviz {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    data = commands.add_parser(
        "data",
        help="list the real data sets with their sources, and fetch those that are missing",
        description="List the real data sets with their sources, and fetch those that are missing.",
    )
    data.add_argument("names", nargs="*", metavar="name", help="only these data sets")
    data.add_argument("--no-fetch", action="store_true", help="list only, without network access")
    data.set_defaults(command=_data)
    sweep = commands.add_parser(
        "sweep",
        help="run a method for every step size and damping of a grid",
        description="Run a method on a data set for every step size and damping of a grid, by "
        "default that of the paper's Table 5. Finished work is kept: a sweep that was stopped "
        "or killed resumes where it was. The file says what was fitted and holds the parameters of "
        "the best run; a .csv file has these above the table, in lines that begin with #.",
    )
    sweep.add_argument("data", help=f"a CSV file of your own, or one of {', '.join(DATASETS)}")
    sweep.add_argument("--method", choices=list(METHODS), required=True)
    sweep.add_argument("--out", type=Path, required=True, help="the output: a .csv or .json file")
    own = sweep.add_argument_group("for a CSV file of your own")
    own.add_argument("--target", metavar="COLUMN", help="the column to predict")
    own.add_argument(
        "--regression",
        choices=list(REGRESSIONS),
        help="by default the one that suits the target: logistic for classes, else linear, or "
        "poisson for a column named as a count",
    )
    own.add_argument(
        "--positive",
        metavar="CLASS",
        help="the class that counts as 1 in a logistic regression, by default the last",
    )
    own.add_argument(
        "--inputs",
        nargs="+",
        metavar="COLUMN",
        help="the columns to predict from, by default all columns of numbers",
    )
    sweep.add_argument(
        "--standardised",
        action="store_true",
        help="scale columns to mean 0 and standard deviation 1",
    )
    for axis, usual in (("--step-sizes", "-20 10 241"), ("--dampings", "-10 10 41")):
        sweep.add_argument(
            axis,
            nargs=3,
            type=float,
            metavar=("FIRST", "LAST", "COUNT"),
            help=f"their log10, evenly spaced; by default {usual}",
        )
    sweep.add_argument("--steps", type=int, default=100, help="steps of each run")
    sweep.add_argument("--jobs", type=int, default=1, help="processes; -1 for one per core")
    sweep.set_defaults(command=_sweep)
    results = commands.add_parser(
        "results",
        help="the paper's Table 6, as printed and as reproduced",
        description="Show the paper's Table 6 as printed and as reproduced by the grid search.",
    )
    results.add_argument(
        "--renew", action="store_true", help="recompute the shipped results (takes some minutes)"
    )
    results.set_defaults(command=_results)
    paper = commands.add_parser(
        "paper",
        help="check the paper's claims now",
        description="Check every claim, equation, figure and table of the paper, one per line. "
        "Exits with 1 if a check fails.",
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
                entry.remote.table(progress=terminal.interactive())
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
        terminal.say(sentence)
    return 1 if missing else 0


def _sweep(options: argparse.Namespace) -> int:
    import joblib

    from efviz.command import report

    if options.out.suffix not in report.SUFFIXES:
        raise ValueError(f"--out must end in .csv or .json, got {options.out}")
    check_writable(options.out)
    fitted = _fitted(options)
    title = f"{fitted.name} {options.method}"
    with terminal.progress() as show, joblib.parallel_config(n_jobs=options.jobs):
        result = grid_search(
            fitted.problem,
            options.method,
            _grid(options.step_sizes, STEP_SIZES),
            _grid(options.dampings, DAMPINGS),
            n_steps=options.steps,
            progress=lambda now: show(title, now.fraction),
        )
    print(f"{fitted.name}, {options.method}: {_summary(result)}")
    try:
        report.write(options.out, fitted, result)
    except OSError as error:
        raise ValueError(
            f"{options.out} could not be written: {reason(error)}. Fix that or choose another "
            "--out, and run the command again: computed results are kept."
        ) from None
    return 0


def _results(options: argparse.Namespace) -> int:
    if options.renew:
        with terminal.progress() as show:
            results.renew(
                progress=lambda paper, method, now: show(f"{paper} {method}", now.fraction)
            )
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

    found = {key: claim.result() for key, claim in paper.LISTED.items() if claim.check}
    if options.json:
        print(json.dumps(_claims(found), ensure_ascii=False, indent=1))
    else:
        for key, claim in paper.LISTED.items():
            result = found.get(key)
            verdict = "-" if result is None else "ok" if result.passed else "FAILS"
            words = claim.uncomputed or "; ".join(
                f"{m.words} {m.shown} ({m.tolerance})" for m in found[key].measures
            )
            print(f"{verdict:6}{claim.where:26} {claim.says}  {words}")
        print(paper.summary(found.values()))
    return 0 if all(result.passed for result in found.values()) else 1


def _claims(found: "Mapping[str, Result]") -> list[dict[str, object]]:
    from efviz.paper import LISTED, SECTIONS

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
        for key, claim in LISTED.items()
    ]


def _fitted(options: argparse.Namespace) -> "Fitted":
    from efviz.command.report import Fitted

    if options.data in DATASETS:
        _refuse_what_is_for_own_tables(options)
        name, data = options.data, load(options.data)
    else:
        name = Path(options.data).name
        data = _own(options)
    problem = optimization_problem(data, standardised=options.standardised)
    fitted = Fitted(name, data, problem, options.standardised)
    for note in fitted.notes:
        terminal.say(note)
    return fitted


def _own(options: argparse.Namespace) -> Dataset:
    path = Path(options.data)
    if not path.is_file():
        raise ValueError(
            f"{options.data!r} is neither a file nor one of the data sets {', '.join(DATASETS)}"
        )
    table = read_table(path.read_bytes(), path.stem)
    data, _ = whole_dataset(
        table,
        target=options.target or "",
        regression=options.regression or "",
        positive=options.positive or "",
        inputs=options.inputs or (),
    )
    if options.positive and not data.positive:
        raise ValueError(
            f"--positive {options.positive!r} is for a logistic regression, but this one has no "
            "classes; leave it out or choose --regression logistic."
        )
    return data


def _refuse_what_is_for_own_tables(options: argparse.Namespace) -> None:
    for name in ("target", "regression", "positive", "inputs"):
        if getattr(options, name) is not None:
            raise ValueError(
                f"--{name} is for a CSV file of your own: the data set {options.data} has a "
                "fixed target and fixed inputs. Leave it out."
            )


def _grid(spaced: Sequence[float] | None, default: Array) -> Array:
    if spaced is None:
        return default
    if spaced[2] < 1 or spaced[2] != int(spaced[2]):
        raise ValueError(f"COUNT must be a whole number of at least 1, got {spaced[2]:g}")
    # Values beyond 10^308 become inf, which the search refuses.
    with np.errstate(over="ignore"):
        return np.logspace(spaced[0], spaced[1], int(spaced[2]))


def _summary(result: Sweep) -> str:
    step_size, damping, loss = result.best()
    if not np.isfinite(loss):
        return "no run finished"
    words = f"least loss {loss:.9g} at step size 10^{np.log10(step_size):.3f}"
    if METHODS[result.method].damped:
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
