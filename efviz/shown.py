"""How results print: in one line, and as a small table in a notebook."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from html import escape

import numpy as np
from numpy.typing import NDArray

from efviz.arrays import Array
from efviz.numbers import number


class Shown(ABC):
    """A value with arrays, which shows what matters instead of them.

    Dataclasses that inherit from it need `repr=False`.
    """

    __slots__ = ()

    @abstractmethod
    def facts(self) -> Mapping[str, str]:
        """What matters by its name. Nothing is computed that takes more than a moment."""

    def __repr__(self) -> str:
        words = "; ".join(f"{name} {text}" for name, text in self.facts().items())
        return f"<{type(self).__name__}: {words}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>"
            for name, text in self.facts().items()
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


def spread(values: Array | NDArray[np.int64]) -> str:
    """The least and the largest of the values that are numbers: 0.0831; 0.0831 to 12."""
    known = np.asarray(values)[~np.isnan(values)]
    if not known.size:
        return "none"
    low, high = number(known.min()), number(known.max())
    return low if low == high else f"{low} to {high}"


def tally(words: NDArray[np.str_]) -> str:
    """How often each word occurs, most often first: 3 converged, 1 running."""
    counts = Counter(np.asarray(words).ravel().tolist()).most_common()
    return ", ".join(f"{n:,} {word}" for word, n in counts)


def vector(values: Array) -> str:
    """The first six of the values (D,): (1, 2.5); (0, 0, 0, 0, 0, 0, … 30 in all)."""
    some = ", ".join(map(number, values[:6]))
    return f"({some})" if len(values) <= 6 else f"({some}, … {len(values)} in all)"
