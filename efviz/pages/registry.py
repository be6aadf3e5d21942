"""What a page is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from efviz.pages.params import Param


@dataclass(frozen=True)
class Page:
    """`params` are those that its links may set; a page that plays no lesson may have none."""

    title: str
    slug: str
    main: Callable[[], None]
    params: Sequence[Param] = ()
