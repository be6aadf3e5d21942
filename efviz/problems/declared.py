"""Classes that state what holds for them, so that nothing has to be inferred from their names."""

import logging
from abc import ABC
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

_LOG = logging.getLogger("efviz")


class Declared(ABC):
    """A class with `defining` members, and with shortcuts that follow from them.

    The class derived from this one directly gives every shortcut its safe default: a fact is
    False, a method takes the general path. A subclass that changes a defining member gets these
    defaults back for all that it does not state itself: what held for its parent need not hold for
    it.
    """

    defining: ClassVar[frozenset[str]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        base = next((kind for kind in cls.__mro__ if Declared in kind.__bases__), cls)
        if base is cls or not cls.defining & vars(cls).keys():
            return
        for name, default in vars(base).items():
            stated = name.startswith("_") or name in cls.defining or name in vars(cls)
            if not stated and name != "defining":
                setattr(cls, name, default)


class Refused(ValueError):
    """A declaration does not suit this problem; the message is a sentence that says why."""


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Errors of code from elsewhere as refusals: `what` is the beginning of the sentence."""
    try:
        yield
    except Refused:
        raise
    except ValueError as error:
        raise Refused(f"{what}: {error}") from error
    except Exception as error:  # what somebody else's code may raise is anybody's guess
        _LOG.exception("%s", what)
        raise Refused(f"{what}: {type(error).__name__}: {error}") from error


class NotStated(Refused):
    """A declaration lacks an optional member that was asked for; the message says which one."""
