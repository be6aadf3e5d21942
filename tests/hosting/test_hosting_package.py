"""The wheel in an environment of its own: its command works, and serves the app from any folder."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import ROOT, free_port
from coroutines import finish
from visitors import Visitor

from efviz.dashboard.server import serving

pytestmark = pytest.mark.hosting
SOURCES = ("pyproject.toml", "setup.py", "README.md", "requirements.txt", "app.py", ".streamlit")
OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
# Nothing of this repository and of the settings that these tests run with.
ALONE = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "STREAMLIT_"))}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "efviz", source / "efviz", ignore=leave)
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", ".", "."]
    built = subprocess.run(command, cwd=source, capture_output=True, text=True)
    if built.returncode and "setuptools" in built.stderr and "No matching" in built.stderr:
        pytest.skip("the build needs setuptools from the package index, which cannot be reached")
    assert not built.returncode, built.stderr
    return next(source.glob("*.whl"))


def take_what_is_compiled(package: Path) -> None:
    """What numba has compiled here, of the same sources: without it the app starts in a minute."""
    here = ROOT / "efviz"
    for compiled in here.rglob("__pycache__/*.nb[ic]"):
        copy = package / compiled.relative_to(here)
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(compiled, copy)


@pytest.fixture(scope="module")
def efviz(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The command in an environment that holds the wheel and sees the packages it depends on."""
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    library = subprocess.check_output([python, "-c", where], env=ALONE, text=True).strip()
    # Its own .pth files do not count in there, so that an editable efviz is not found.
    Path(library, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    take_what_is_compiled(Path(library, "efviz"))
    return str(scripts / "efviz")


@pytest.fixture(scope="module")
def served(efviz: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app that the command serves from an empty folder, once it is ready."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    process = subprocess.Popen(
        [efviz],
        cwd=tmp_path_factory.mktemp("empty"),
        env=ALONE | {"STREAMLIT_SERVER_PORT": str(port)},
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(1200):
            try:
                OPEN(f"{url}/efviz-ready").close()
                break
            except OSError:
                assert process.poll() is None, "the command ended"
                time.sleep(0.1)
        else:
            pytest.fail("the app was not ready in two minutes")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def test_the_wheel_holds_all_files_of_the_package_the_app_and_its_configuration(wheel):
    listed = subprocess.check_output(["git", "ls-files", "efviz"], cwd=ROOT, text=True).split()
    developers = {name for name in listed if name.endswith(".d.ts")}
    with zipfile.ZipFile(wheel) as archive:
        assert set(listed) - developers <= set(archive.namelist())
        for name in ("app.py", ".streamlit/config.toml"):
            assert archive.read(f"efviz/served/{name}") == (ROOT / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"), [(["--version"], "efviz 0."), (["data", "--no-fetch"], "569 × 30")]
)
def test_the_command_runs_commands(efviz, tmp_path, arguments, words):
    environment = ALONE | {"PYTHONIOENCODING": "utf-8"}
    said = subprocess.check_output([efviz, *arguments], cwd=tmp_path, env=environment)
    assert words in said.decode()


def test_the_command_serves_a_page_from_an_empty_folder(served):
    async def visit() -> Visitor:
        visitor = Visitor(f"{served}/vector-fields")
        await visitor.open()
        await visitor.close()
        return visitor

    visitor = finish(visit())
    assert visitor.pictures
    assert not visitor.exceptions


def test_the_command_serves_with_the_configuration_of_the_app(served):
    # Streamlit's default lets pages of its own cloud steer the app.
    with OPEN(f"{served}/_stcore/host-config") as answer:
        assert json.load(answer)["allowedOrigins"] == []


def test_in_a_checkout_the_command_serves_the_app_at_its_top():
    assert serving.app_file() == ROOT / "app.py"
