"""Pinned settings: their chart beside the live one, and the differences."""

from dataclasses import dataclass, replace
from html import escape
from typing import Any
from urllib.parse import parse_qsl

import streamlit as st

from efviz.dashboard.components import take_reports
from efviz.dashboard.session import own_table, table_choice
from efviz.dashboard.session.caches import OWN
from efviz.dashboard.session.kinds import Kind, Number, Sofar
from efviz.dashboard.session.links import PIN
from efviz.dashboard.session.problem_settings import entry
from efviz.dashboard.session.settings import Setting, Settings, setting
from efviz.dashboard.session.store import Store
from efviz.numbers import number

DIGITS = 6
"""Significant digits of a pinned value, to tell it from the current one."""

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
    """The button of the header that pins the current settings, on pages that can."""
    if PIN not in store.declared:
        return
    if getattr(store.settings, PIN):
        label, icon, words = "Unpin", "keep_off", "Remove the pinned chart"
        how: dict[str, Any] = {"on_click": store.set, "kwargs": {PIN: ""}}
    else:
        label, icon, words = "Pin", "keep", "Keep this chart for comparison with other settings"
        how = {"on_click": _pin, "args": (store,)}
    st.button(label, type="tertiary", icon=f":material/{icon}:", help=words, **how)


def _pin(store: Store[Any]) -> None:
    take_reports()
    store.set(**{PIN: _kind(store).of(store.settings).query or DEFAULTS})


def _kind(store: Store[Any]) -> Pinned:
    kind = store.declared[PIN].kind
    assert isinstance(kind, Pinned)
    return kind


def pinned_settings(store: Store[Any]) -> Any:
    """The pinned settings, None if there are none."""
    text = getattr(store.settings, PIN)
    return _kind(store).read(text, type(store.settings))[0] if text else None


def note(store: Store[Any], pinned: Any) -> str:
    """How the pinned settings differ from the current ones, as HTML, or why they have no chart."""
    return trouble(pinned) or differences(pinned, _kind(store).of(store.settings))


def trouble(pinned: Any) -> str:
    """Why there is no pinned chart, or ""."""
    if pinned.problem != OWN:
        return ""
    if own_table.loaded() is None:
        return "The pinned chart needs your own table, which is not loaded."
    return escape(table_choice.made(pinned).trouble)


def differences(pinned: Any, now: Any) -> str:
    """Which settings are not the same, with both values, as HTML."""
    parts = []
    for one in pinned.declared().values():
        texts = [_words(one, settings) for settings in (pinned, now)]
        one_sided = "" in texts and pinned.problem != now.problem
        if texts[0] != texts[1] and not one_sided:
            there, here = (escape(text) or "automatic" for text in texts)
            sign = " =" if isinstance(one.kind, Number) else ":"
            parts.append(f"{escape(one.title)}{sign} <b>{there}</b> instead of {here}")
    if not parts:
        return "the same settings. Change one: this chart stays as it is."
    return ", ".join(parts)


def _words(one: Setting, settings: Any) -> str:
    if one.name == "problem" and settings.problem != OWN:
        return entry(settings).title
    value = getattr(settings, one.name)
    return number(value, DIGITS) if isinstance(one.kind, Number) else one.kind.format(value)
