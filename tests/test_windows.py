"""What Windows lacks or does otherwise, as far as it can be had elsewhere.

No Unix-only modules, text in another encoding than UTF-8, other line ends, paths with backslashes.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import ROOT, serve
from numpy.testing import assert_array_equal

import efviz
from efviz.datasets import load, real
from efviz.datasets.tables import read_table
from efviz.problems.own import whole_dataset

UNIX_ONLY = ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty")
UNIX_NAMES = {
    *(
        "fork",
        "forkpty",
        "getegid",
        "geteuid",
        "getgid",
        "getloadavg",
        "getuid",
        "killpg",
        "mkfifo",
    ),
    *("nice", "sched_getaffinity", "setsid", "sysconf", "uname", "add_signal_handler", "alarm"),
    *("SIGALRM", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGUSR1", "SIGUSR2", "setitimer"),
    *("AF_UNIX", "SO_REUSEPORT", "clock_gettime", "tzset", "longdouble", "float128"),
}
PRODUCT = [ROOT / "app.py", *sorted(Path(efviz.__file__).parent.rglob("*.py"))]
HOSTING = sorted((ROOT / "hosting").glob("*.py"))


def trees(paths: list[Path]) -> Iterator[tuple[Path, ast.Module]]:
    for path in paths:
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_text_files_name_their_encoding():
    silent = []
    for path, tree in trees([*PRODUCT, *HOSTING]):
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name, words = ast.unparse(call.func), ast.unparse(call)
            opens = re.search(r"\b(open|fdopen|read_text|write_text)$", name)
            opens = opens and name not in ("os.open", "opener.open")
            binary = re.search(r"""['"][rwxa]b['"]""", words)
            if ((opens and not binary) or "text=True" in words) and "encoding=" not in words:
                silent.append(f"{path.name}: {words}")
    assert not silent


def test_nothing_is_used_that_windows_does_not_have():
    for path, tree in trees(PRODUCT):
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not used & UNIX_NAMES, path
        imports = [node for node in tree.body if isinstance(node, ast.Import)]
        at_the_top = {alias.name for node in imports for alias in node.names}
        assert not at_the_top & set(UNIX_ONLY), path


@pytest.fixture(scope="module")
def without_unix(tmp_path_factory) -> dict[str, str]:
    """The environment of processes that have no Unix-only modules and tell of unnamed encodings."""
    folder = tmp_path_factory.mktemp("windows")
    (folder / "sitecustomize.py").write_text(
        f"""import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in {UNIX_ONLY}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
for name in {UNIX_ONLY}:
    sys.modules.pop(name, None)
""",
        encoding="utf-8",
    )
    return {
        "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
        "PYTHONWARNDEFAULTENCODING": "1",
        "PYTHONWARNINGS": "always::EncodingWarning",
        "EFVIZ_CACHE": str(folder / "cache"),
    }


@pytest.mark.slow
def test_the_app_starts_and_warms_up_without_unix_only_modules(without_unix):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with serve("app.py", **without_unix) as url:
        with opener.open(f"{url}/_stcore/health") as answer:
            assert answer.read() == b"ok"
        with opener.open(f"{url}/") as answer:
            assert answer.headers["Content-Security-Policy"]
            assert b"<title>efviz" in answer.read()
        # All pages are imported and computed once before it says so.
        for _ in range(600):
            try:
                with opener.open(f"{url}/efviz-ready") as answer:
                    assert answer.status == 200
                    break
            except OSError:
                time.sleep(0.2)
        else:
            pytest.fail("the app does not become ready")


@pytest.mark.slow
def test_the_commands_run_without_unix_only_modules_on_a_windows_console(without_unix, tmp_path):
    (tmp_path / "Größe.csv").write_bytes("Höhe,y\r\n1,1\r\n2,2.5\r\n4,4.2\r\n3,2.8\r\n".encode())
    environment = os.environ | without_unix | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment["PYTHONPATH"]])
    command = ["sweep", "Größe.csv", "--method", "NGD", "--out", "ergebnis.csv"]
    done = subprocess.run(
        [sys.executable, "-m", "efviz", *command, "--step-sizes", "-1", "0", "3"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode("cp1252").startswith("Größe.csv, NGD: least loss 0.033375")
    warned = re.findall(r"(.*):\d+: EncodingWarning", done.stderr.decode("cp1252"))
    assert warned  # of other packages
    assert not [path for path in warned if path.startswith(str(ROOT / "efviz"))]
    content = (tmp_path / "ergebnis.csv").read_bytes()
    assert b"\r" not in content
    assert '# inputs: ["Höhe"]\n' in content.decode()


def test_a_limit_that_cannot_be_raised_stays_as_it_is(monkeypatch):
    resource = pytest.importorskip("resource")
    import app

    def refuse(*_):
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    app.allow_many_visitors()
    monkeypatch.setitem(sys.modules, "resource", None)
    app.allow_many_visitors()


@pytest.mark.parametrize("name", ["boston", "a1a"])
def test_the_tables_of_the_package_may_have_the_line_ends_of_windows(name, tmp_path, monkeypatch):
    expected = load(name)
    for path in real._TABLES.glob("*.*"):
        shutil.copy(path, tmp_path)
    for path in tmp_path.glob("[ab]*.*"):
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    monkeypatch.setattr(real, "_TABLES", tmp_path)
    got = real._loaded.__wrapped__(name)
    assert got.feature_names == expected.feature_names
    assert_array_equal(got.X, expected.X)
    assert_array_equal(got.y, expected.y)


def test_a_file_of_windows_is_read_and_a_sweep_of_it_too():
    text = "Höhe;y\r\n1,5;2\r\n2,5;3\r\n4;5\r\n"
    windows, unix = (read_table(t.encode("utf-8-sig"), "t") for t in (text, text.replace("\r", "")))
    assert list(windows.columns) == list(unix.columns) == ["Höhe", "y"]
    assert_array_equal(whole_dataset(windows)[0].X, [[1.5], [2.5], [4]])
    assert_array_equal(windows.rows, unix.rows)
