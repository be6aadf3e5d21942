"""Pinned settings: their chart beside the live one, and the differences."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import escape
from typing import Any
from urllib.parse import parse_qsl

import streamlit as st

from efviz.dashboard.components import chart
from efviz.dashboard.session import own_table, table_choice
from efviz.dashboard.session.caches import OWN
from efviz.dashboard.session.kinds import Kind, Number, Sofar
from efviz.dashboard.session.links import PIN
from efviz.dashboard.session.problem_settings import entry
from efviz.dashboard.session.settings import Setting, Settings, setting
from efviz.dashboard.session.store import Store, run_again

DEFAULTS = "-"
"""The text in a link for pinned settings that are all defaults."""


@dataclass(frozen=True)
class Pinned(Kind):
    """The query of other settings of the same page, or of the `part` of them; "" for none."""

    part: type[Settings] | None = None

    def parse(self, text: str, settings: Sofar) -> tuple[str, str]:
        if not text:
            return "", ""
        found, sentences = self.read(text, type(settings))
        words = "contains invalid settings" if sentences else ""
        return found.query or DEFAULTS, words

    def read(self, text: str, page: type[Settings]) -> tuple[Any, list[str]]:
        query = {} if text == DEFAULTS else dict(parse_qsl(text))
        nested = query.pop(PIN, "")
        found, sentences = (self.part or page).read(query)
        return found, [*sentences, *["Pinned settings cannot contain a pin."] * bool(nested)]

    def of(self, settings: Settings) -> Any:
        """The part of these settings that is pinned."""
        if self.part is None:
            return replace(settings, **{PIN: ""})
        return self.part.of(**{name: getattr(settings, name) for name in self.part.declared()})

    def format(self, value: str) -> str:
        return value


def pin_setting(part: type[Settings] | None = None) -> Any:
    """A setting that holds another set of the page's settings, or a part of them."""
    return setting("Pinned settings", Pinned(part), "", query=PIN, always=True)


def pin_button(store: Store[Any]) -> None:
    """To be called in the header, which is drawn again after a click."""
    if PIN not in store.declared:
        return
    if getattr(store.settings, PIN):
        st.button("Unpin", on_click=store.set, kwargs={PIN: ""}, type="tertiary")
    else:
        words = "Keep this chart for comparison with other settings"
        st.button("Pin", on_click=_pin, args=(store,), type="tertiary", help=words)


def _pin(store: Store[Any]) -> None:
    store.set(**{PIN: _kind(store).of(store.settings).query or DEFAULTS})


def _kind(store: Store[Any]) -> Pinned:
    kind = store.declared[PIN].kind
    assert isinstance(kind, Pinned)
    return kind


@dataclass
class Beside:
    """Whether the pinned chart is complete, known when the live one is drawn."""

    complete: bool = True

    def go_on(self) -> None:
        """Run again for the rest of its work once the live chart is complete."""
        if not self.complete:
            run_again()


Picture = Callable[[Any], tuple[bytes | None, bool]]
"""Packed panels of settings, if any yet, and whether they are complete; a call does some work."""


@contextmanager
def beside(
    store: Store[Any], picture: Picture, weights: Sequence[float] = (1, 1)
) -> Iterator[Beside]:
    """A context for drawing a chart, with the pinned one beside it if there is one."""
    found, text = Beside(), getattr(store.settings, PIN)
    if not text:
        yield found
        return
    kind = _kind(store)
    pinned, _ = kind.read(text, type(store.settings))
    trouble = _trouble(pinned)
    # The end of the key selects the style of a chart, which comes first on narrow pages.
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
        words = trouble or differences(pinned, kind.of(store.settings))
        st.html(f"<p class='efviz-note'>{words}</p>")


def _trouble(pinned: Any) -> str:
    """Why there is no pinned chart, or ""."""
    if pinned.problem != OWN:
        return ""
    if own_table.loaded() is None:
        return "The pinned chart needs your own table, which is not loaded."
    return escape(table_choice.made(pinned).trouble)


def differences(pinned: Any, now: Any) -> str:
    """A sentence that names which settings are not the same, with both values."""
    parts = []
    for one in pinned.declared().values():
        texts = [_words(one, settings) for settings in (pinned, now)]
        one_sided = "" in texts and pinned.problem != now.problem
        if texts[0] != texts[1] and not one_sided:
            there, here = (escape(text) or "automatic" for text in texts)
            parts.append(f"{escape(one.title)} <b>{there}</b> instead of {here}")
    if not parts:
        return "Both have the same settings. Change one: the pinned chart stays as it is."
    return f"The pinned chart has {', '.join(parts)}."


def _words(one: Setting, settings: Any) -> str:
    if one.name == "problem" and settings.problem != OWN:
        return entry(settings).title
    text = one.kind.format(getattr(settings, one.name))
    return text.replace("e-0", "e-") if isinstance(one.kind, Number) else text
