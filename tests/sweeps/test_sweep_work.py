"""How a sweep is carried out: progress, cancelling, cache, a kill, other processes, a cluster."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pandas
import pytest
from joblib.parallel import ThreadingBackend
from numpy.testing import assert_array_equal

import efviz.sweeps
from efviz.command.main import main
from efviz.problems.catalogue import optimization_problem
from efviz.sweeps import Sweep, grid_search, store, sweep

ROOT = Path(__file__).parents[2]
STEPS, DAMPINGS = np.logspace(-6, 3, 40), np.logspace(-8, 4, 4)


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache of its own."""
    monkeypatch.setenv("EFVIZ_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "sweeps"


@pytest.fixture(scope="module")
def wine():
    return optimization_problem("wine")


@pytest.fixture(scope="module")
def expected(wine):
    return grid_search(wine, "EFGD", STEPS, DAMPINGS, cache=False)


def assert_same(got: Sweep, expected: Sweep) -> None:
    assert_array_equal(got.final_loss, expected.final_loss)
    assert_array_equal(got.status, expected.status)
    assert_array_equal(got.steps_taken, expected.steps_taken)
    assert got.change_by_rounding == expected.change_by_rounding
    assert got.contested == expected.contested
    assert_array_equal(got.tied, expected.tied)


def pieces(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.npz"))


def test_progress_tells_the_fraction_and_ends_at_one(wine, expected):
    told = []
    got = grid_search(wine, "EFGD", STEPS, DAMPINGS, progress=told.append, cache=False)
    assert_same(got, expected)
    fractions = [progress.fraction for progress in told]
    assert len(fractions) > 100
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert 0 < fractions[1] < 0.05
    assert fractions[-1] == 1


def test_pieces_cost_about_the_same_so_that_the_fraction_is_one_of_time(wine):
    begun, told = time.process_time(), []

    def note(progress):
        told.append((progress.fraction, time.process_time() - begun))

    grid_search(wine, "EFGD", np.logspace(-6, 3, 160), DAMPINGS, progress=note, cache=False)
    fraction, seconds = np.array(told).T
    assert np.abs(fraction - seconds / seconds[-1]).max() < 0.25


def test_a_cancelled_sweep_keeps_what_was_finished_and_goes_on_from_there(wine, expected, cache):
    def stop(progress):
        return progress.fraction < 0.5

    partial = grid_search(wine, "EFGD", STEPS, DAMPINGS, progress=stop)
    assert not partial.complete
    missing = partial.status == "missing"
    assert 0.3 < missing.mean() < 0.8
    assert np.isnan(partial.final_loss[missing]).all()
    assert_array_equal(partial.final_loss[~missing], expected.final_loss[~missing])
    least = partial.final_loss[partial.status == "finished"].min()
    assert partial.best()[2] == pytest.approx(least, rel=1e-12)
    found = len(pieces(cache))
    assert found == round((1 - missing.mean()) * 5)
    first = next(sweep(wine, "EFGD", STEPS, DAMPINGS))
    assert first.fraction >= found / 5
    assert_same(grid_search(wine, "EFGD", STEPS, DAMPINGS), expected)


def test_an_error_in_the_callback_comes_out(wine):
    def fail(progress):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        grid_search(wine, "GD", STEPS, [0.0], progress=fail, cache=False)


def test_no_sweep_is_computed_twice(wine, expected, cache, monkeypatch):
    assert_same(grid_search(wine, "EFGD", STEPS, DAMPINGS), expected)
    assert len(pieces(cache)) == 5
    searched = []
    compute = efviz.sweeps._Search._compute
    monkeypatch.setattr(
        efviz.sweeps._Search,
        "_compute",
        lambda self, some: searched.extend(some) or compute(self, []),
    )
    assert_same(grid_search(wine, "EFGD", STEPS, DAMPINGS), expected)
    assert not searched


@pytest.mark.parametrize("other", ["method", "start", "steps", "data", "dampings"])
def test_another_sweep_is_not_taken_for_this_one(wine, cache, other):
    grid_search(wine, "EFGD", STEPS[:3], DAMPINGS)
    problem = optimization_problem("wine", standardised=True) if other == "data" else wine
    method = "NGD" if other == "method" else "EFGD"
    knobs = {"start": {"theta_0": np.full(14, 1e-3)}, "steps": {"n_steps": 99}}.get(other, {})
    dampings = DAMPINGS * 2 if other == "dampings" else DAMPINGS
    got = grid_search(problem, method, STEPS[:3], dampings, **knobs)
    assert_same(got, grid_search(problem, method, STEPS[:3], dampings, cache=False, **knobs))
    assert len(pieces(cache)) == 2


DAMAGE = {
    "empty": lambda data, other: b"",
    "cut short": lambda data, other: data[: len(data) // 2],
    "one byte changed": lambda data, other: data[:200] + bytes([data[200] ^ 255]) + data[201:],
    "other words": lambda data, other: b"not a piece",
    "another piece": lambda data, other: other,
}


@pytest.mark.parametrize("damage", list(DAMAGE))
def test_a_damaged_file_is_ignored_and_computed_anew(wine, expected, cache, damage):
    grid_search(wine, "EFGD", STEPS, DAMPINGS)
    files = pieces(cache)
    whole = [path.read_bytes() for path in files]
    files[2].write_bytes(DAMAGE[damage](whole[2], whole[3]))
    assert_same(grid_search(wine, "EFGD", STEPS, DAMPINGS), expected)
    again = store.load(files[2].stem, 32)
    assert again is not None
    assert not list(cache.rglob("*.part"))


def test_a_cache_that_cannot_be_written_is_done_without(wine, expected, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("EFVIZ_CACHE", str(tmp_path / "file"))
    assert_same(grid_search(wine, "EFGD", STEPS, DAMPINGS), expected)


def test_many_writers_of_the_same_pieces_do_not_get_into_each_other_s_way(wine, expected, cache):
    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(grid_search, wine, "EFGD", STEPS, DAMPINGS) for _ in range(4)]
        for each in work:
            assert_same(each.result(), expected)
    assert len(pieces(cache)) == 5
    assert not list(cache.rglob("*.part"))


COMMAND = [
    *("sweep", "breast-cancer", "--method", "EFGD"),
    *("--step-sizes", "-6", "2", "96", "--dampings", "-8", "0", "3"),
]


def start(folder: Path, out: str) -> subprocess.Popen:
    environment = os.environ | {"EFVIZ_CACHE": str(folder), "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(
        [sys.executable, "-m", "efviz", *COMMAND, "--out", str(folder / out)],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_killed_sweep_resumes_and_ends_with_the_same_table(tmp_path):
    (tmp_path / "killed").mkdir()
    (tmp_path / "whole").mkdir()
    with start(tmp_path / "killed", "a.csv") as first:
        deadline = time.monotonic() + 120
        while len(pieces(tmp_path / "killed")) < 3 and time.monotonic() < deadline:
            time.sleep(0.005)
        os.kill(first.pid, signal.SIGKILL)
    done = {path: path.stat().st_mtime_ns for path in pieces(tmp_path / "killed")}
    assert 3 <= len(done) < 12
    assert not (tmp_path / "killed" / "a.csv").exists()
    # It goes on, and at the same time another process does the same work.
    both = [start(tmp_path / "killed", out) for out in ("a.csv", "b.csv")]
    whole = start(tmp_path / "whole", "a.csv")
    for process in (*both, whole):
        words, errors = process.communicate()
        assert process.returncode == 0, errors
        assert "breast-cancer, EFGD: least loss" in words
    for path, written in done.items():
        assert path.stat().st_mtime_ns == written
    assert len(pieces(tmp_path / "killed")) == 12
    tables = [
        tmp_path / "killed" / "a.csv",
        tmp_path / "killed" / "b.csv",
        tmp_path / "whole/a.csv",
    ]
    assert len({path.read_text() for path in tables}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_other_processes_and_threads_end_with_the_same_table(wine, expected, cache, backend):
    told = []
    with joblib.parallel_config(backend, n_jobs=2):
        got = grid_search(wine, "EFGD", STEPS, DAMPINGS, progress=told.append)
    assert_same(got, expected)
    assert [round(5 * progress.fraction) for progress in told] == [0, 1, 2, 3, 4, 5]
    assert len(pieces(cache)) == 5


def test_a_backend_that_answers_only_when_all_is_done_will_do(wine, expected):
    class AllAtOnce(ThreadingBackend):
        supports_return_generator = False

    joblib.register_parallel_backend("all at once", AllAtOnce)
    with joblib.parallel_config("all at once", n_jobs=2):
        assert_same(grid_search(wine, "EFGD", STEPS, DAMPINGS, cache=False), expected)


WITH_MANY_THREADS = """
import sys
import threading
import joblib
import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits
from efviz.problems.catalogue import optimization_problem
from efviz.sweeps import grid_search

def search():
    # Half of these runs amplify a last digit until it is seen.
    step_sizes, dampings = np.logspace(-6, 2, 24), np.logspace(-10, -4, 3)
    problem = optimization_problem("breast-cancer")
    got = grid_search(problem, "EFGD", step_sizes, dampings, n_steps=40, cache=False)
    print(*(each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"))
    return got

def in_a_thread(found):
    with threadpool_limits(2, user_api="blas"):
        found.append(search())

if __name__ == "__main__":
    if sys.argv[2] == "processes":
        with joblib.parallel_config("loky", n_jobs=2):
            got = search()
    elif sys.argv[2] == "threads":
        with joblib.parallel_config("threading", n_jobs=2):
            got = search()
    elif sys.argv[2] == "a thread":
        # Who limits first keeps others from it, says threadpoolctl.
        threadpool_limits(2, user_api="blas")
        found = []
        thread = threading.Thread(target=in_a_thread, args=(found,))
        thread.start()
        thread.join()
        got = found[0]
    else:
        got = search()
    np.savez(sys.argv[1], loss=got.final_loss, status=got.status, steps=got.steps_taken)
"""


@pytest.mark.slow
def test_the_same_sweep_in_threads_processes_and_here_has_the_same_bits(tmp_path):
    (tmp_path / "script.py").write_text(WITH_MANY_THREADS)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "OPENBLAS_NUM_THREADS": "2",
    }
    ends = []
    for where in ("here", "a thread", "threads", "processes"):
        out = tmp_path / f"{where}.npz"
        done = subprocess.run(
            [sys.executable, str(tmp_path / "script.py"), str(out), where],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert set(done.stdout.split()) == {"1"}
        with np.load(out) as got:
            ends.append({name: got[name] for name in got.files})
    assert len(set(ends[0]["status"].ravel())) > 1
    for end in ends[1:]:
        for name, values in end.items():
            assert_array_equal(values, ends[0][name])


def test_a_sweep_in_other_processes_can_be_cancelled(wine, cache):
    with joblib.parallel_config("threading", n_jobs=2):
        got = grid_search(wine, "EFGD", STEPS, DAMPINGS, progress=lambda now: now.fraction == 0)
    assert not got.complete
    assert (got.status != "missing").any()


ON_A_CLUSTER = """
import sys
import joblib
import numpy as np
from distributed import Client, LocalCluster
from efviz.problems.catalogue import optimization_problem
from efviz.sweeps import grid_search

if __name__ == "__main__":
    quiet = {"dashboard_address": None, "silence_logs": 50}
    with LocalCluster(n_workers=2, threads_per_worker=1, **quiet) as cluster, Client(cluster):
        with joblib.parallel_config("dask"):
            got = grid_search(
                optimization_problem("wine"), "EFGD", np.logspace(-6, 3, 40), np.logspace(-8, 4, 4)
            )
    np.savez(sys.argv[1], loss=got.final_loss, status=got.status, steps=got.steps_taken)
"""


@pytest.mark.slow
def test_a_cluster_ends_with_the_same_table(expected, cache, tmp_path):
    pytest.importorskip(
        "distributed", reason="dask.distributed is not installed: pip install 'efviz[cluster]'"
    )
    # A process of its own, as dask starts its workers from the main module.
    (tmp_path / "script.py").write_text(ON_A_CLUSTER)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "120s",
    }
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "got.npz")],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "got.npz") as got:
        assert_array_equal(got["loss"], expected.final_loss)
        assert_array_equal(got["status"], expected.status)
        assert_array_equal(got["steps"], expected.steps_taken)
    assert len(pieces(cache)) == 5


def test_the_command_writes_csv_and_json(cache, tmp_path, capsys):
    grid = ["--step-sizes", "-3", "1", "9", "--dampings", "-10", "-8", "2"]
    for out in ("t.csv", "t.json"):
        command = ["sweep", "wine", "--method", "NGD", "--out", str(tmp_path / out), *grid]
        assert main(command) == 0
    captured = capsys.readouterr()
    assert "wine, NGD: least loss 0.0298386937 at step size 10^0.000" in captured.out
    assert "3 other cells are as good" in captured.out
    assert "wine NGD: " in captured.err
    lines = (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()
    head = [line.removeprefix("# ").split(": ", 1) for line in lines if line.startswith("#")]
    rows = list(csv.DictReader(lines[len(head) :]))
    document = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    cells = document["cells"]
    assert {key: json.loads(value) for key, value in head} | {"cells": cells} == document
    assert document["efviz"] == efviz.__version__
    assert (document["data"], document["N"], document["D"]) == ("wine", 178, 14)
    assert document["citation"]
    assert (document["regression"], document["target"]) == ("linear", "cultivar")
    assert document["parameters"] == [*document["inputs"], "intercept"]
    assert (document["scaling"], document["n_steps"]) == ("raw", 100)
    assert document["theta_0"] == [0] * 14
    loss = float(optimization_problem("wine").loss(document["best"]["theta"]))
    assert loss == pytest.approx(document["best"]["final_loss"], rel=1e-9)
    assert loss == pytest.approx(document["best"]["loss_at_theta"], rel=1e-12)
    assert len(rows) == len(document["cells"]["final_loss"]) == 18
    for i, row in enumerate(rows):
        for name, text in row.items():
            value = document["cells"][name][i]
            assert str(value) == text or float(text) == value
    least = min(
        loss
        for loss, status in zip(
            document["cells"]["final_loss"], document["cells"]["status"], strict=True
        )
        if status == "finished"
    )
    assert document["best"]["final_loss"] == pytest.approx(least, rel=1e-12)
    assert not list(tmp_path.glob("*.part"))


def test_the_command_takes_an_own_table(cache, tmp_path, capsys):
    (tmp_path / "own.csv").write_text("x,y\n1,1\n2,2.5\n3,2.8\n4,4.2\n")
    out = tmp_path / "t.csv"
    grid = ["--step-sizes", "-3", "0", "4", "--steps", "500"]
    command = ["sweep", str(tmp_path / "own.csv"), "--method", "GD", "--out", str(out), *grid]
    assert main([*command, "--target", "x"]) == 0
    assert "own.csv, GD: least loss" in capsys.readouterr().out
    table = pandas.read_csv(out, comment="#")
    assert len(table) == 4 * 41


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["iris", "--method", "GD", "--out", "t.csv"],
            "'iris' is neither a file nor one of the data sets",
        ),
        (["wine", "--method", "GD", "--out", "t.txt"], "--out must end in .csv or .json"),
        (["wine", "--method", "GD", "--out", "no/t.csv"], "no/t.csv cannot be written: the folder"),
        (
            ["wine", "--method", "GD", "--out", "t.csv", "--target", "x"],
            "--target is for a CSV file of your own: the data set wine has a fixed target",
        ),
        (
            ["wine", "--method", "GD", "--out", "t.csv", "--dampings", "0", "1", "0"],
            "COUNT must be a whole number",
        ),
    ],
)
def test_the_command_names_what_it_cannot_use(arguments, words, capsys, cache):
    assert main(["sweep", *arguments]) == 1
    assert words in capsys.readouterr().err


def test_the_command_fits_what_is_named_and_says_so(cache, tmp_path, capsys):
    rows = ["age,dose,ill,id", "1.5,3,yes,7", "2,1,no,9", "2.5,4,no,2", "4,1,yes,3", "3,,yes,1"]
    (tmp_path / "own.csv").write_text("\n".join(rows), encoding="utf-8")
    command = ["sweep", str(tmp_path / "own.csv"), "--method", "NGD", "--out"]
    command += [str(tmp_path / "t.json"), "--step-sizes", "-1", "0", "2", "--target", "ill"]
    command += ["--regression", "logistic", "--positive", "no", "--inputs", "dose", "age"]
    assert main(command) == 0
    said = capsys.readouterr().err
    assert said.count('1 of 5 rows has no value in "dose"') == 1
    document = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert (document["data"], document["regression"]) == ("own.csv", "logistic")
    assert (document["target"], document["class_called_1"]) == ("ill", "no")
    assert document["inputs"] == ["dose", "age"]
    assert document["N"] == 4
    assert all(f"efviz: {note}" in said for note in document["notes"])


def test_the_command_fits_the_likelihood_that_is_asked_for(cache, tmp_path, capsys):
    """Waiting times on a column of ones: the logarithm of the rate is minus that of their mean."""
    waits = [0.5, 2.0, 0.25, 1.0, 3.25]
    rows = ["same,wait", *(f"7,{wait}" for wait in waits)]
    (tmp_path / "own.csv").write_text("\n".join(rows), encoding="utf-8")
    command = ["sweep", str(tmp_path / "own.csv"), "--method", "NGD", "--out"]
    command += [str(tmp_path / "t.json"), "--step-sizes", "-1", "0", "2", "--target", "wait"]
    command += ["--standardised", "--regression"]
    assert main([*command, "exponential"]) == 0
    document = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert document["regression"] == "exponential"
    assert document["first_loss"] == pytest.approx(np.mean(waits), rel=1e-12)
    theta = document["best"]["theta"]
    assert theta[-1] == pytest.approx(-np.log(np.mean(waits)), abs=1e-6)
    with pytest.raises(SystemExit):
        main([*command, "erlang"])
    assert "'exponential'" in capsys.readouterr().err


def test_the_command_says_which_class_is_1_and_what_the_data_determine(cache, tmp_path, capsys):
    rng = np.random.default_rng(0)
    lines = ["a,b,total,animal"]
    for a, b, noise in rng.integers(-9, 10, (40, 3)):
        lines.append(f"{a},{b},{a + b},{'dog' if a + noise > 0 else 'cat'}")
    (tmp_path / "own.csv").write_text("\n".join(lines), encoding="utf-8")
    command = ["sweep", str(tmp_path / "own.csv"), "--method", "NGD", "--out"]
    assert main([*command, str(tmp_path / "t.json"), "--step-sizes", "-1", "0", "2"]) == 0
    said = capsys.readouterr().err
    assert said.count('"dog" counts as 1 and "cat" as 0 in "animal".') == 1
    assert said.count("The data determine only 3 of the 4 parameters") == 1
    document = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert document["class_called_1"] == "dog"
    assert len(document["notes"]) == 2
