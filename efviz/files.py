"""Files that appear whole or not at all."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` when the block ends; nothing is left if it fails.

    It is written beside `path`, so that the move is one step of the file system: whoever reads
    sees the old file or the new one. Raises OSError.
    """
    path = _target(path)
    part = _beside(path)
    try:
        # Closed before the move: Windows does not move an open file.
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
    """Raises ValueError, a sentence for the person who named `path`, if no file can be put there.

    Permissions alone do not tell (superusers, Windows, mounts that are read-only), so that a file
    is made beside it and removed.
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
            f"{path} cannot be written: there is no folder {target.parent}; create it first."
        ) from None
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {reason(error)}.") from None


def reason(error: OSError) -> str:
    """What the operating system says was wrong, without the number and the file."""
    return error.strerror or str(error) or type(error).__name__


def _target(path: Path) -> Path:
    """The file itself where `path` is a link: a link stays one."""
    return Path(os.path.realpath(path))


def _beside(path: Path) -> Path:
    return path.with_name(f".{secrets.token_hex(8)}.part")


def own_folder() -> Path | None:
    """The folder that EFVIZ_DATA names, if it does."""
    named = os.environ.get("EFVIZ_DATA")
    return Path(named).expanduser() if named else None


def cache_folder() -> Path:
    """Where fetched and computed things are kept: EFVIZ_CACHE, or the user's cache directory."""
    import platformdirs

    named = os.environ.get("EFVIZ_CACHE")
    return Path(named).expanduser() if named else platformdirs.user_cache_path("efviz")
