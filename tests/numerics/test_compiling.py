"""A cache of compiled functions may be damaged, or not writable: they are compiled again."""

from collections.abc import Callable
from importlib import util
from pathlib import Path

import numba
import pytest

from efviz.numerics import compiling

Run = Callable[[Path, Path], float]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """What a module computes with its cache in a folder, read as a new process does."""

    def double(file: Path, folder: Path) -> float:
        monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder))
        compiling._say.cache_clear()
        spec = util.spec_from_file_location("few", file)
        assert spec
        assert spec.loader
        few = util.module_from_spec(spec)
        spec.loader.exec_module(few)
        return float(few.double(21.0))

    return double


SOURCE = """from efviz.numerics.compiling import njit

@njit(cache=True)
def double(x):
    return 2 * x
"""


@pytest.fixture
def compiled(run: Run, tmp_path: Path) -> tuple[Path, Path]:
    """A module, and the folder of its cache."""
    file, cache = tmp_path / "few.py", tmp_path / "cache"
    file.write_text(SOURCE)
    assert run(file, cache) == 42.0
    return file, cache


@pytest.mark.parametrize("damage", [b"", b"\0" * 500, b"half"])
@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_a_damaged_cache_is_dropped_said_and_made_anew(
    run: Run,
    compiled: tuple[Path, Path],
    suffix: str,
    damage: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file, folder = compiled
    (found,) = folder.rglob(f"*{suffix}")
    whole = found.read_bytes()
    found.write_bytes(whole[: len(whole) // 2] if damage == b"half" else damage)
    assert run(file, folder) == 42.0
    assert "compiling without the cache" in caplog.text
    caplog.clear()
    assert run(file, folder) == 42.0
    assert "without the cache" not in caplog.text


def test_a_folder_that_cannot_be_written_ends_nothing(run: Run, tmp_path: Path) -> None:
    file, folder = tmp_path / "few.py", tmp_path / "cache"
    folder.write_text("a file where the folder should be")
    file.write_text(SOURCE)
    assert run(file, folder) == 42.0
