"""Settings of methods that several pages declare: which are shown, and numbers for each of them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from efviz.arrays import Named
from efviz.dashboard.session.blocks import Row
from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.kinds import DAMPING, Choice, Flag, Number, Several
from efviz.dashboard.session.page import Block, Shown
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.widgets import MultiSelect, NumberInput, Select, Slider, Toggle
from efviz.optimizers.methods import STRUCTURES

MOST_SHOWN, MOST_IN_ROW = 4, 5

Made = TypeVar("Made", bound=type)


class WithMethods(Protocol):
    """Settings that say which methods are shown."""

    @property
    def methods(self) -> tuple[str, ...]: ...


def methods_setting(
    entries: Callable[[], Mapping[str, Any]], usual: Sequence[str], help: str = ""
) -> Any:
    """Which of the entries are shown, at most four; their declarations have the titles."""
    return shown_setting("Methods", entries, usual, help)


def shown_setting(
    title: str,
    entries: Callable[[], Mapping[str, Any]],
    usual: Sequence[str],
    help: str = "",
    called: Callable[[str], str] = str,
) -> Any:
    """Which of the entries of a table are shown, at most four; their declarations have titles.

    `called` is what readers call the entry with a key.
    """

    def words(_: Any) -> str:
        listed = (f"\n- {plain(called(key))}: {plain(one.title)}" for key, one in entries().items())
        return " ".join(filter(None, (f"At most {MOST_SHOWN}.", help))) + "\n" + "".join(listed)

    kind, shown = Several(lambda: tuple(entries()), MOST_SHOWN), MultiSelect(called)
    return setting(title, kind, tuple(usual), shown=shown, help=words, kept=True)


QUERIES = {"GD": "gd", "NGD": "ngd", "EFGD": "ef"}
ON_MINIBATCHES = {"EFSGD": "ef", "RMS": "rms"}
"""Names in links that are older than those made from the names of methods."""


def query_of(quantity: str, method: str, ending: str = "", old: Mapping[str, str] = QUERIES) -> str:
    """The name in links of a setting that every method has; `ending` is that of an old name."""
    return f"{old[method]}{ending}" if method in old else of_method(quantity, method)


def of_method(quantity: str, method: str) -> str:
    """The name of a setting that every method has."""
    # Two underscores would divide the key of a widget.
    return f"{quantity}_" + re.sub(r"^_|_$|(?<=_)_|\W", lambda c: f"u{ord(c[0]):x}", method)


def per_method(
    methods: Iterable[str], **quantities: Callable[[str], Any]
) -> Callable[[Made], Made]:
    """Gives a class of settings a field of each quantity per method, where there is one.

    The class is made when its page is first opened, with the methods that are registered then.
    """

    def with_fields(made: Made) -> Made:
        for method in methods:
            for quantity, declare in quantities.items():
                declared = declare(method)
                if declared is not None:
                    name = of_method(quantity, method)
                    made.__annotations__[name] = float
                    setattr(made, name, declared)
        return made

    return with_fields


def by_method(settings: WithMethods, quantity: str, without: float | None = None) -> Named:
    """The quantity of each shown method; if it has none, `without`, or it is omitted."""
    values = {
        name: getattr(settings, of_method(quantity, name), without) for name in settings.methods
    }
    return Named({name: value for name, value in values.items() if value is not None})


def inputs_of_methods(*quantities: str) -> Block:
    """The widgets of these quantities for every shown method, in one row or two."""

    def block(shown: Shown) -> None:
        names = [of_method(one, name) for name in shown.settings.methods for one in quantities]
        names = [name for name in names if name in shown.store.declared]
        width = len(names) if len(names) <= MOST_IN_ROW else (len(names) + 1) // 2
        for first in range(0, len(names), width):
            Row(names[first : first + width])(shown)

    return block


def damping_setting(
    help: str, default: Any = 1e-8, *, method: str = "", query: str = "", **more: Any
) -> Any:
    """The damping of all methods, or of one."""
    title = f"{method} damping λ" if method else "Damping λ"
    shown = Slider(0.5 if method else 0.25, log=True)
    return setting(title, DAMPING, default, query=query, shown=shown, help=help, **more)


def step_size_setting(title: str, help: str, **more: Any) -> Any:
    """A step size of 0.1 on a scale that the page chooses."""
    shown = Slider(0.125, log=True, bounds=(1e-3, 1e1))
    return setting(title, Number(1e-6, 1e6), 0.1, query="step", shown=shown, help=help, **more)


def exponent_setting() -> Any:
    """The power p of (B + λ I)^(-p), of all methods with a matrix."""
    help = (
        "0 turns every method into gradient descent, 1/2 is the root that Adam and Shampoo take, "
        "and 1 the inverse of the paper."
    )
    kind, shown = Number(0, 1), Slider(0.05)
    return setting("Exponent p", kind, 1.0, query="power", shown=shown, help=help, kept=True)


def structure_setting() -> Any:
    """What part of the matrices is used."""
    help = "diagonal: all other elements of the matrix count as zero, as in Adam."
    kind, shown = Choice(lambda _: STRUCTURES), Select(segments=True)
    return setting("Structure of B", kind, STRUCTURES[0], shown=shown, help=help, kept=True)


def relative_setting() -> Any:
    """Whether dampings are shares of the mean eigenvalue."""
    help = "λ is a share of the mean eigenvalue of each matrix, as in many optimizers."
    title = "Damping in units of tr(B)/D"
    return setting(title, Flag(), False, shown=Toggle(), help=help, kept=True)


def scale_setting(method: str, query: str, default: Any, help: str) -> Any:
    """The factor on the step size of a method; 0 if the page computes it."""
    kind, shown = Number(1e-9, 1e9, zero=True), NumberInput(format="%.4g")
    return setting(f"Scale of {method}", kind, default, query=query, shown=shown, help=help)
