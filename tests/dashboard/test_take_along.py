"""What can be taken along of each figure holds its numbers, and the code makes them again."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from streamlit.testing.v1 import AppTest
from visiting import (
    WITH_PROBLEM,
    components,
    open_page,
    own,
    paste,
    settings_of,
    short_curves,
    short_distances,
)

from efviz.dashboard.session.blocks import Chart
from efviz.dashboard.session.export_menu import Exported
from efviz.dashboard.session.own_table_widgets import EXAMPLE
from efviz.dashboard.session.page import Shown
from efviz.figures import export


@dataclass
class Taken:
    """What the charts on the pages give to the export menu: the last of each."""

    panels: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    code: dict[str, str] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)

    def __call__(self, one: Exported | None) -> None:
        assert one
        self.panels[one.name], self.code[one.name] = one.panels(), one.code()
        if one.complete:
            self.finished.add(one.name)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    """The menu itself is opened in a browser elsewhere."""
    short_distances(monkeypatch, seeds=2, largest=1000)
    short_curves(monkeypatch)
    found, draw = Taken(), Chart._draw

    def drawn(chart: Chart, shown: Shown, packed: bytes) -> None:
        draw(chart, shown, packed)
        found(chart.exported(shown.page, shown.view))

    monkeypatch.setattr(Chart, "_draw", drawn)
    return found


QUICK = {
    "vector-fields": {"steps": "300"},
    "gradient-noise": {"steps": "20", "runs": "3"},
}
SETTINGS: dict[str, list[dict[str, str]]] = {
    "vector-fields": [
        {"s": "0.7", "starts": "1,2;3,0.5", "cos": "1"},
        {"problem": "softmax", "n": "50", "arrows": "unit", "plane": "0,1,0,2"},
        {"problem": "wine", "inputs": "principal components", "ef": "0.1"},
        {"n": "50", "edits": "m3,1,9;a2,-4;r7"},
        {"problem": "softmax", "n": "50", "edits": "m3,1,2", "editing": "1"},
    ],
    "at-the-minimum": [
        {"s": "0.7", "n": "200"},
        {"problem": "poisson", "n": "50", "seed": "3"},
        {"problem": "breast-cancer"},
        {"problem": "fig2", "n": "10", "seed": "4"},
        {"problem": "fig4", "n": "50", "edits": "m3,1,9;r7", "editing": "1"},
        {"problem": "breast-cancer", "edits": "m3,1,2,0;a2,-4,1;r7"},
    ],
    "four-matrices": [
        {"theta": "3,1", "row": "6", "labels": "observed", "n": "50", "tab": "labels"},
        {"problem": "saturation", "m": "32", "n": "60", "closer": "bound"},
        {"problem": "poisson", "theta": "1e9,1e9", "n": "20", "closer": "words"},
        {"problem": "wine", "labels": "squared_mean", "closer": "residuals"},
        {"problem": "saturation", "n": "40", "closer": "descent", "crad": "0.1"},
        {"n": "2010", "closer": "descent", "ckl": "kl_moved_first", "edits": "m3,1,9"},
        {"n": "50", "edits": "m3,1,9;a2,-4;r7", "row": "50", "editing": "1"},
        {"n": "50", "edits": "m3,1,9;a2,-4;r7", "tab": "entries", "editing": "1"},
        {"problem": "softmax", "n": "50", "edits": "m3,1,2;r1", "row": "3"},
        {"problem": "softmax", "n": "50", "edits": "m3,1,2;r1", "closer": "splits"},
    ],
    "optimization": [{"far": "1"}, {"set": "breast-cancer", "start": "0.5"}],
    "gradient-noise": [
        {"theta": "1,2", "batch": "4"},
        {"problem": "fig2", "n": "60", "draw": "without", "rms": "2"},
        {"n": "50", "edits": "m3,1,9;a2,-4;r7"},
        {"n": "50", "editing": "1"},
    ],
}


LOOP = """
import contextlib, json, os, runpy, sys, traceback

sys.path.insert(0, os.getcwd())
for line in sys.stdin:
    told = ""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            for folder in json.loads(line):
                os.chdir(folder)
                sys.argv = ["figure.py", "table.csv"]
                runpy.run_path("figure.py")
        assert "streamlit" not in sys.modules
    except BaseException:
        told = traceback.format_exc()
    print(json.dumps(told), flush=True)
"""

RunScripts = Callable[[list[Path]], None]


@pytest.fixture(scope="module")
def run_scripts() -> Iterator[RunScripts]:
    """All in one process, which has not seen the app: its imports take longer than the work."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", LOOP],
        cwd=Path(__file__).parents[2],
        # As in conftest.py: sums of other threads round otherwise, and a run of EFGD shows it.
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        asked, answers = process.stdin, process.stdout

        def run(folders: list[Path]) -> None:
            print(json.dumps([str(folder) for folder in folders]), file=asked, flush=True)
            assert json.loads(answers.readline()) == ""

        yield run
        asked.close()
        assert process.wait() == 0


def read(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


def assert_the_code_makes_the_figures(taken: Taken, folder: Path) -> list[Path]:
    folders = []
    for name, code in taken.code.items():
        assert name in taken.finished
        place = folder / name
        place.mkdir(parents=True)
        (place / "figure.py").write_text(code, encoding="utf-8")
        (place / "table.csv").write_text(EXAMPLE)
        (place / "seen.csv").write_text(
            export.csv(taken.panels[name]), encoding="utf-8", newline=""
        )
        folders.append(place)
    return folders


def assert_same_numbers(folder: Path) -> None:
    made, seen = (read((folder / f"{name}.csv").read_text()) for name in (folder.name, "seen"))
    assert list(made.columns) == list(seen.columns)
    assert len(seen) > 2
    for column in seen:
        if seen[column].dtype.kind == "f":
            values = np.abs(seen[column].to_numpy())
            scale = float(values[np.isfinite(values)].max(initial=0))
            assert_allclose(made[column], seen[column], rtol=1e-12, atol=1e-15 * scale)
        else:
            assert_array_equal(made[column].fillna(""), seen[column].fillna(""))


@pytest.mark.parametrize("slug", WITH_PROBLEM)
def test_the_code_of_a_page_makes_the_numbers_it_shows(
    taken: Taken, run_scripts: RunScripts, slug: str, tmp_path: Path
) -> None:
    folders = []
    for k, query in enumerate([{}, *SETTINGS.get(slug, [])]):
        assert not open_page(slug, **QUICK.get(slug, {}) | query).exception
        folders += assert_the_code_makes_the_figures(taken, tmp_path / str(k))
        taken.code.clear()
    assert folders
    run_scripts(folders)
    for folder in folders:
        assert_same_numbers(folder)


@pytest.mark.parametrize("intercept", ["", "held", "none"])
@pytest.mark.parametrize("slug", WITH_PROBLEM)
def test_the_code_for_an_own_table_reads_its_file(
    taken: Taken, run_scripts: RunScripts, slug: str, intercept: str, tmp_path: Path
) -> None:
    more = {} if slug == "optimization" else {"edits": "m3,1,2;r7"}
    if intercept:
        if slug == "optimization":
            pytest.skip("all columns and the intercept")
        more |= {"y": "passed", "x1": "hours", "x2": "coffee", "intercept": intercept}
    at = paste(open_page(slug, **QUICK.get(slug, {}) | own(slug) | more), EXAMPLE)
    assert not at.exception
    assert getattr(settings_of(at, slug), "intercept", "") == intercept
    folders = assert_the_code_makes_the_figures(taken, tmp_path)
    assert folders
    assert all("table.csv" in code for code in taken.code.values())
    run_scripts(folders)
    for folder in folders:
        assert_same_numbers(folder)


@pytest.mark.parametrize("slug", WITH_PROBLEM)
def test_the_code_for_an_own_table_names_the_likelihood_that_was_chosen(
    taken: Taken, run_scripts: RunScripts, slug: str, tmp_path: Path
) -> None:
    more = {"y": "hours", "fit": "exponential"}
    if slug != "optimization":
        more |= {"x1": "coffee", "x2": "1", "edits": "m3,1,-2;a2,1.5;r7"}
    at = paste(open_page(slug, **QUICK.get(slug, {}) | own(slug) | more), EXAMPLE)
    assert not at.exception
    assert settings_of(at, slug).regression == "exponential"
    folders = assert_the_code_makes_the_figures(taken, tmp_path)
    assert folders
    assert all("regression='exponential'" in code for code in taken.code.values())
    run_scripts(folders)
    for folder in folders:
        assert_same_numbers(folder)


def test_a_table_of_numbers_is_what_is_drawn(taken: Taken) -> None:
    open_page("vector-fields", steps="300", cos="1")
    panels = taken.panels["vector-fields"]
    table = read(export.csv(panels))
    for name, spec in panels.items():
        rows = table[table.panel == name]
        drawn = {trace["name"]: trace for trace in spec["data"]}
        for trace, found in drawn.items():
            some = rows[rows.trace == trace]
            z = np.asarray(found["z"]) if "z" in found else None
            x, y = np.asarray(found["x"]), np.asarray(found["y"])
            if z is not None:
                assert_array_equal(some.z, z.ravel())
                x, y = (v.ravel() for v in np.meshgrid(x, y))
            assert_array_equal(some.x, x)
            assert_array_equal(some.y, y)
        if name != "Data":
            arrows = rows[rows.trace == "arrows"]
            assert len(arrows) == 15 * 15
            assert np.isfinite(arrows[["x", "y", "u", "v"]]).all(axis=None)


def test_text_never_becomes_a_formula() -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "a=1"]
    trace = {"type": "scatter", "x": np.arange(7.0), "y": -np.arange(7.0), "text": texts}
    table = read(export.csv({"=panel": {"data": [trace | {"name": "-t"}], "layout": {}}}))
    for column in ("panel", "trace", "text"):
        assert not table[column].str.contains(r"^[=+\-@\t\r]", regex=True).any()
    assert table.text[6] == "a=1"
    assert table.y[1] == -1


def test_traces_of_one_name_are_told_apart() -> None:
    trace = {"type": "scatter", "name": "data", "x": [1.0], "y": [2.0]}
    table = export.numbers({"p": {"data": [trace, trace], "layout": {}}})
    assert table.trace.tolist() == ["data 1", "data 2"]


def menu(at: AppTest) -> list[str]:
    return [button.proto.label for button in at.get("download_button")]


def test_a_closed_menu_makes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for maker in ("csv", "html"):
        monkeypatch.setattr(export, maker, lambda *_, **__: pytest.fail("made"))
    at = open_page("vector-fields", steps="300")
    assert menu(at) == []
    assert components(at, "images") == []
