"""Files of data sets that the package does not ship: found on this machine or downloaded.

They are searched for in the folder named by the environment variable EFVIZ_DATA (one folder per
set), then in the user's cache, then at their public address. Every file is checked before use.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from efviz.arrays import Array
from efviz.files import cache_folder, own_folder


class DataUnavailable(OSError):
    """A data set that is neither stored here nor fetchable; the message says how to get it."""


@dataclass(frozen=True)
class Remote:
    """One file of a data set: `folder/file`, its address and its expected contents.

    `read` turns it into a table (rows, columns); `sums` are the sums of its columns. The checksum
    is that of the file at `url`; it is empty where the bytes may change but the numbers may not.
    """

    folder: str
    file: str
    url: str
    read: Callable[[Path], Array]
    rows: int
    sums: tuple[float, ...]
    sha256: str = ""

    def found(self) -> Path | None:
        """Where the file is on this machine, or None; without network access."""
        places = [own_folder(), cache_folder() / "data"]
        paths = [place / self.folder / self.file for place in places if place]
        return next((path for path in paths if path.is_file()), None)

    def table(self, *, progress: bool = False) -> Array:
        """The checked table, fetched if necessary. Raises DataUnavailable if that fails."""
        path = self.found()
        if path is not None:
            try:
                return self._checked(path)
            except ValueError as error:
                if not path.is_relative_to(cache_folder()):
                    raise DataUnavailable(
                        f"{path} does not hold the expected data: {error}. Replace it with "
                        f"{self.url}."
                    ) from None
                path.unlink(missing_ok=True)
        return self._fetched(progress)

    def _checked(self, path: Path) -> Array:
        table = self.read(path)
        expected = (self.rows, len(self.sums))
        if table.shape != expected:
            raise ValueError(f"it has {table.shape} rows and columns instead of {expected}")
        wrong = ~np.isclose(table.sum(axis=0), self.sums, rtol=1e-9, atol=1e-6)
        if wrong.any():
            column = int(np.flatnonzero(wrong)[0])
            raise ValueError(
                f"column {column + 1} adds up to {table[:, column].sum():.10g} "
                f"instead of {self.sums[column]:.10g}"
            )
        return table

    def _fetched(self, progress: bool) -> Array:
        import pooch

        pooch.get_logger().setLevel("WARNING")
        folder = cache_folder() / "data" / self.folder
        advice = (
            f"Download {self.url} and save it as {self.folder}/{self.file} "
            "in a folder that the environment variable EFVIZ_DATA names."
        )
        try:
            # The file is written under another name, checked, and only then moved into place.
            path = pooch.retrieve(
                self.url,
                known_hash=f"sha256:{self.sha256}" if self.sha256 else None,
                fname=self.file,
                path=folder,
                downloader=pooch.HTTPDownloader(progressbar=progress, timeout=20),
            )
        except Exception as error:
            # requests, the file system and the check of pooch raise different errors.
            words = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DataUnavailable(
                f"{self.folder} is not on this machine and could not be fetched ({words}). {advice}"
            ) from None
        try:
            return self._checked(Path(path))
        except ValueError as error:
            Path(path).unlink()
            raise DataUnavailable(
                f"what {self.url} sent is not the set {self.folder}: {error}. {advice}"
            ) from None


def columns(path: Path) -> Array:
    """A table of numbers separated by blanks."""
    return np.loadtxt(path, ndmin=2)


def libsvm(path: Path, n_features: int | None = None) -> Array:
    """Read lines `label index:value ...`, indices from 1; the label becomes the last column.

    Without `n_features`, trailing features that never occur are lost.
    """
    from sklearn.datasets import load_svmlight_file

    X, y = load_svmlight_file(str(path), n_features=n_features, zero_based=False)
    return np.column_stack([X.toarray(), y])
