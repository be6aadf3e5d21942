"""What a page is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    title: str
    slug: str
    main: Callable[[], None]
