"""Files that appear complete or not at all."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that replaces `path` when the block ends; nothing is left behind if it fails.

    It is written in the same folder as `path`, so that the move is atomic: every reader sees either
    the old file or the new one. Raises OSError.
    """
    path = _target(path)
    part = _beside(path)
    try:
        # Closed before the move: Windows cannot move an open file.
        with part.open("xb") as file:
            yield file
        if path.exists():
            shutil.copymode(path, part)
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def check_writable(path: Path) -> None:
    """Raise ValueError, with a message for the user who named `path`, if it cannot be written.

    Permissions alone do not decide this (superusers, Windows, read-only mounts), so a file is
    created beside it and removed.
    """
    target = _target(path)
    part = _beside(target)
    try:
        if target.is_dir():
            raise ValueError(f"{path} is a folder; name a file in it.")
        if target.exists() and not target.is_file():
            raise ValueError(f"{path} is not an ordinary file; choose another name.")
        if target.exists() and not os.access(target, os.W_OK):
            raise ValueError(f"{path} is write-protected; choose another name.")
        part.open("xb").close()
        part.unlink()
    except FileNotFoundError:
        raise ValueError(
            f"{path} cannot be written: the folder {target.parent} does not exist; create it first."
        ) from None
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {reason(error)}.") from None


def reason(error: OSError) -> str:
    """The operating system's description of the error, without its number and the file name."""
    return error.strerror or str(error) or type(error).__name__


def _target(path: Path) -> Path:
    """The target of `path` if it is a link, so that the link itself is kept."""
    return Path(os.path.realpath(path))


def _beside(path: Path) -> Path:
    return path.with_name(f".{secrets.token_hex(8)}.part")


def own_folder() -> Path | None:
    """The folder named by EFVIZ_DATA, None if it is not set."""
    named = os.environ.get("EFVIZ_DATA")
    return Path(named).expanduser() if named else None


def cache_folder() -> Path:
    """The folder for downloads and computed results: EFVIZ_CACHE, or the user's cache directory."""
    import platformdirs

    named = os.environ.get("EFVIZ_CACHE")
    return Path(named).expanduser() if named else platformdirs.user_cache_path("efviz")
