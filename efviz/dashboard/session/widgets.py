"""Widgets of settings: each shows the value in the store and changes it in its callback."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from efviz.dashboard.components import slider
from efviz.dashboard.session.kinds import Choice, Number, Several
from efviz.dashboard.session.store import Store

Titles = Mapping[str, str] | Callable[[Any], Mapping[str, str]]


def show(store: Store[Any], *names: str) -> None:
    """The widgets of these settings, below each other."""
    for name in names:
        shown = store.declared[name].shown
        assert shown, f"{name} has no widget"
        shown.draw(store, name)


@dataclass(frozen=True)
class Slider:
    """A live slider for a Number, of which `bounds` may be a part."""

    step: float
    log: bool = False
    bounds: tuple[float, float] | None = None

    def draw(self, store: Store[Any], name: str) -> None:
        kind = _number(store, name)
        low, high = self.bounds or kind.bounds(store.settings)
        slider(
            store.declared[name].title,
            key=_key(store, name),
            value=getattr(store.settings, name),
            low=low,
            high=high,
            step=self.step,
            log=self.log,
            zero=kind.zero,
            help=_help(store, name),
            digits=0 if kind.integer else None,
            query="" if store.declared[name].follow else f"{store.declared[name].query}=*",
            on_change=partial(store.choose, name, gesture=name),
        )


@dataclass(frozen=True)
class NumberInput:
    """A number input."""

    step: float | None = None
    format: str | None = None

    def draw(self, store: Store[Any], name: str) -> None:
        kind = _number(store, name)
        low, high = kind.bounds(store.settings)
        as_type: Callable[[float], float] = int if kind.integer else float
        st.session_state[_key(store, name)] = as_type(getattr(store.settings, name))
        # Values between 0 and the lower bound are clipped in the callback.
        st.number_input(
            store.declared[name].title,
            as_type(0 if kind.zero else low),
            as_type(high),
            step=as_type(self.step) if self.step else None,
            format=self.format,
            **_common(store, name),
        )


@dataclass(frozen=True)
class Select:
    """A select box for a Choice, or with `segments` a row of buttons."""

    titles: Titles = field(default_factory=dict)
    segments: bool = False

    def draw(self, store: Store[Any], name: str) -> None:
        kind, title = _choice(store, name), store.declared[name].title
        options = list(kind.options(store.settings) or ())
        titles = self.titles(store.settings) if callable(self.titles) else self.titles
        st.session_state[_key(store, name)] = getattr(store.settings, name)
        common = _common(store, name) | {"format_func": lambda one: titles.get(one, one)}
        if self.segments:
            st.segmented_control(title, options, required=True, **common)
        else:
            st.selectbox(title, options, **common)


@dataclass(frozen=True)
class MultiSelect:
    """A box in which several options are chosen, for a Several. It cannot be emptied."""

    called: Callable[[str], str] = str

    def draw(self, store: Store[Any], name: str) -> None:
        one = store.declared[name]
        assert isinstance(one.kind, Several)
        st.session_state[_key(store, name)] = list(getattr(store.settings, name))
        st.multiselect(
            one.title,
            one.kind.options(),
            max_selections=one.kind.most,
            format_func=self.called,
            **_common(store, name),
        )


@dataclass(frozen=True)
class Toggle:
    """A switch for a Flag."""

    def draw(self, store: Store[Any], name: str) -> None:
        st.session_state[_key(store, name)] = getattr(store.settings, name)
        st.toggle(store.declared[name].title, **_common(store, name))


def _common(store: Store[Any], name: str) -> dict[str, Any]:
    """The arguments of every widget of Streamlit."""
    return {
        "key": _key(store, name),
        "help": _help(store, name) or None,
        "on_change": _take,
        "args": (store, name),
    }


def _take(store: Store[Any], name: str) -> None:
    value = st.session_state[_key(store, name)]
    if value is not None:
        store.choose(name, value)


def _key(store: Store[Any], name: str) -> str:
    return f"{store.slug}.{name}"


def _help(store: Store[Any], name: str) -> str:
    words = store.declared[name].help
    return words(store.settings) if callable(words) else words


def _number(store: Store[Any], name: str) -> Number:
    kind = store.declared[name].kind
    assert isinstance(kind, Number)
    return kind


def _choice(store: Store[Any], name: str) -> Choice:
    kind = store.declared[name].kind
    assert isinstance(kind, Choice)
    return kind
