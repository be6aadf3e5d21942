"""Compare: settings that are pinned, their picture beside the live one, and what differs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl

import streamlit as st

from efviz.dashboard.components import chart
from efviz.dashboard.session import own_table
from efviz.dashboard.session.links import PIN
from efviz.dashboard.session.own_table import OWN
from efviz.dashboard.session.params import Number, Param, Values, from_query, to_query
from efviz.dashboard.session.problem_choice import entry
from efviz.dashboard.session.store import Store, run_again

DEFAULTS = "-"
"""How a link says that the pinned settings are all defaults."""


@dataclass(frozen=True)
class Pinned:
    """The query of other settings of the same page; "" for none."""

    params: tuple[Param, ...]

    def parse(self, text: str, values: Values) -> tuple[str, str]:
        if not text:
            return "", ""
        found, sentences = self.read(text)
        words = "holds what is not valid" if sentences else ""
        return to_query(self.params, found) or DEFAULTS, words

    def read(self, text: str) -> tuple[Values, list[str]]:
        return from_query(self.params, {} if text == DEFAULTS else dict(parse_qsl(text)))

    def format(self, value: str) -> str:
        return value


def pinnable(*params: Param) -> tuple[Param, ...]:
    """The parameters of a page, and the place for one more set of their values."""
    return (*params, Param(PIN, PIN, "Pinned settings", Pinned(params), lambda _: ""))


def kind_of(store: Store) -> Pinned | None:
    """None on a page that cannot compare."""
    kind = store.params[-1].kind
    return kind if isinstance(kind, Pinned) else None


def pin_button(store: Store) -> None:
    """To be called in the header, which is drawn again after a click."""
    if not kind_of(store):
        return
    if store.values[PIN]:
        st.button("Unpin", on_click=store.set, kwargs={PIN: ""}, type="tertiary")
    else:
        words = "Keep this picture, and set another beside it"
        st.button("Pin", on_click=_pin, args=(store,), type="tertiary", help=words)


def _pin(store: Store) -> None:
    kind = kind_of(store)
    assert kind
    store.set(**{PIN: to_query(kind.params, store.values) or DEFAULTS})


@dataclass
class Beside:
    """What became of the pinned picture, known when the live one is drawn."""

    complete: bool = True

    def go_on(self) -> None:
        """Come back for the rest of its work, when that of the live picture is done."""
        if not self.complete:
            run_again()


Picture = Callable[[Values], tuple[bytes | None, bool]]
"""Packed panels of settings, if there are any yet, and are they all? Each call does some work."""


@contextmanager
def beside(store: Store, picture: Picture, weights: Sequence[float] = (1, 1)) -> Iterator[Beside]:
    """The chart that is drawn in this context, and beside it the pinned one if there is one."""
    found, kind = Beside(), kind_of(store)
    if not kind or not store.values[PIN]:
        yield found
        return
    pinned, _ = kind.read(store.values[PIN])
    trouble = _trouble(pinned)
    # The key, by its end, has the style of a chart: first where the page is narrow.
    with st.container(key=f"{store.slug}.beside-chart"):
        left, right = st.columns(weights)
        with left:
            st.html("<p class='efviz-which'>Now</p>")
            yield found
        with right:
            st.html("<p class='efviz-which'>Pinned</p>")
            packed, found.complete = (None, True) if trouble else picture(pinned)
            if packed:
                chart(packed, key=f"{store.slug}.pinned", query=None)
        words = trouble or differences(kind.params, pinned, store.values)
        st.html(f"<p class='efviz-note'>{words}</p>")


def _trouble(pinned: Values) -> str:
    """Why there is no such picture here."""
    if pinned["problem"] != OWN:
        return ""
    if own_table.loaded() is None:
        return "What is pinned needs your own table, which is not loaded."
    return escape(own_table.made(pinned).trouble)


def differences(params: Sequence[Param], pinned: Values, now: Values) -> str:
    """A sentence that names which settings are not the same, with both values."""
    parts = []
    for param in params:
        texts = [_words(param, values) for values in (pinned, now)]
        one_sided = "" in texts and pinned["problem"] != now["problem"]
        if texts[0] != texts[1] and not one_sided:
            there, here = (escape(text) or "automatic" for text in texts)
            parts.append(f"{escape(param.title)} <b>{there}</b> instead of {here}")
    if not parts:
        return "Both have the same settings: change one, and the pinned picture stays."
    return f"The pinned picture has {', '.join(parts)}."


def _words(param: Param, values: Values) -> str:
    if param.name == "problem" and values["problem"] != OWN:
        return entry(values).title
    text = param.kind.format(values[param.name])
    return text.replace("e-0", "e-") if isinstance(param.kind, Number) else text
