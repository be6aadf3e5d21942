"""A cache of compiled functions may be damaged, or not writable: they are compiled again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(file: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    script = (
        f"import sys; sys.path.insert(0, {str(file.parent)!r})\n"
        "import logging; logging.basicConfig()\n"
        "import few; print(few.double(21.0))"
    )
    command = [sys.executable, "-c", script]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


SOURCE = """from efviz.numerics.compiling import njit

@njit(cache=True)
def double(x):
    return 2 * x
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A module, and the folder of its cache, which is whole again at the end of every test."""
    folder = tmp_path_factory.mktemp("compiled")
    file, cache = folder / "few.py", folder / "cache"
    file.write_text(SOURCE)
    assert run(file, cache).stdout == "42.0\n"
    return file, cache


@pytest.mark.slow
@pytest.mark.parametrize("damage", [b"", b"\0" * 500, b"half"])
@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_a_damaged_cache_is_dropped_said_and_made_anew(
    compiled: tuple[Path, Path], suffix: str, damage: bytes
) -> None:
    file, folder = compiled
    (found,) = folder.rglob(f"*{suffix}")
    whole = found.read_bytes()
    found.write_bytes(whole[: len(whole) // 2] if damage == b"half" else damage)
    told = run(file, folder)
    assert told.stdout == "42.0\n"
    assert "compiling without the cache" in told.stderr
    again = run(file, folder)
    assert again.stdout == "42.0\n"
    assert "without the cache" not in again.stderr


def test_a_folder_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    file, folder = tmp_path / "few.py", tmp_path / "cache"
    folder.write_text("a file where the folder should be")
    file.write_text(SOURCE)
    assert run(file, folder).stdout == "42.0\n"
