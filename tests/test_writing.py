"""Files that appear whole or not at all, and what stands in their way, in a sentence."""

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from efviz import results
from efviz.files import check_writable, replacing
from efviz.sweeps import store
from efviz.sweeps.outcome import Outcome

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and modes of POSIX")


def write(path: Path, *parts: bytes) -> None:
    with replacing(path) as file:
        for part in parts:
            file.write(part)


def test_a_file_is_written_and_then_replaced(tmp_path):
    path = tmp_path / "Füße 1.csv"
    write(path, b"old\r\n")
    write(path, b"new\n", b"\n")
    assert path.read_bytes() == b"new\n\n"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError(errno.ENOSPC, "full")])
@pytest.mark.parametrize("there", [False, True])
def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path, there, error):
    path = tmp_path / "t.csv"
    if there:
        path.write_bytes(b"old")
    with pytest.raises(error if isinstance(error, type) else type(error)):
        write_half(path, error)
    assert os.listdir(tmp_path) == ["t.csv"] * there
    assert not there or path.read_bytes() == b"old"


def write_half(path: Path, error: BaseException | type[BaseException]) -> None:
    before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    with replacing(path) as file:
        file.write(b"half")
        file.flush()
        part = Path(file.name)
        assert part.parent == path.parent
        assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == {
            **before,
            part.name: b"half",
        }
        raise error


def test_an_open_file_is_never_moved_as_windows_does_not_allow_it(tmp_path, monkeypatch):
    opened = []
    replace = os.replace

    def closed_first(part, path):
        assert opened[0].closed
        replace(part, path)

    monkeypatch.setattr(os, "replace", closed_first)
    with replacing(tmp_path / "t.csv") as file:
        opened.append(file)
    assert opened[0].closed


@posix
def test_a_new_file_has_the_usual_mode_and_an_old_one_keeps_its_own(tmp_path):
    path, usual = tmp_path / "t.csv", tmp_path / "usual"
    usual.touch()
    write(path, b"a")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)
    path.chmod(0o640)
    write(path, b"b")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@posix
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "t.csv"
    link.symlink_to(tmp_path / "there" / "real.csv")
    check_writable(link)
    write(link, b"a")
    assert link.is_symlink()
    assert (tmp_path / "there" / "real.csv").read_bytes() == b"a"


def test_what_can_be_written_leaves_no_trace_of_the_check(tmp_path):
    check_writable(tmp_path / "t.csv")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no/t.csv", "cannot be written: the folder"),
        ("folder", "is a folder; name a file in it"),
        ("file/t.csv", "cannot be written: Not a directory"),
        (f"{'x' * 300}.csv", "cannot be written: File name too long"),
    ],
)
@posix
def test_what_stands_in_the_way_is_said(tmp_path, name, words):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=words):
        check_writable(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


@posix
def test_a_pipe_and_a_protected_file_are_not_replaced(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ValueError, match="is not an ordinary file"):
        check_writable(tmp_path / "pipe.csv")
    (tmp_path / "t.csv").touch()
    # A superuser may write anything, so that modes alone would not show it.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ValueError, match="is write-protected"):
        check_writable(tmp_path / "t.csv")


def test_a_folder_that_refuses_files_is_named_before_anything_is_computed(tmp_path, monkeypatch):
    def refuse(self, mode="r", *arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ValueError, match=r"t\.csv cannot be written: Permission denied\."):
        check_writable(tmp_path / "t.csv")
    monkeypatch.setattr(results, "compute", lambda *_: pytest.fail("computed"))
    with pytest.raises(ValueError, match=r"table6\.json cannot be written: Permission denied"):
        results.renew(tmp_path)


def test_a_full_disk_leaves_no_piece_in_the_cache(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv("EFVIZ_CACHE", str(tmp_path))
    key = store.digest("a piece")
    with monkeypatch.context() as broken:
        broken.setattr(store.np, "savez_compressed", full)
        store.save(key, Outcome(3))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    store.save(key, Outcome(3))
    assert store.load(key, 3) is not None
