"""The settings of a page in a session.

The store is the one truth: widgets show what it holds and change it in their callbacks. That lets
a preset, a click on a chart and a slider change the same setting, and keeps everything while the
visitor looks at another page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, quote

import streamlit as st
from streamlit.errors import StreamlitAPIException

from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.links import upgraded
from efviz.dashboard.session.settings import EVERYWHERE, Settings

S = TypeVar("S", bound=Settings)


def run_again() -> None:
    """Run the fragment again, or the page where it is the page that runs."""
    try:
        st.rerun(scope="fragment")
    except StreamlitAPIException:
        st.rerun()


def arrive(slug: str) -> None:
    """The page `slug` is the one that runs now: does its address say what to show?

    It does when a visitor comes from outside, or back by the browser's button. A page that is
    opened by its name has no query, and keeps the values it had.
    """
    if st.session_state.get("arrived") != slug:
        st.session_state["arrived"] = slug
        # Back leads to the step of a lesson that its address names, with the settings of that step.
        query, before = st.query_params.to_dict(), everywhere().get("lesson")
        set_everywhere(**{key: text for key, text in query.items() if key in EVERYWHERE})
        another = query.get("lesson", before) != before
        if another or set(query) - set(EVERYWHERE):
            st.session_state.pop(slug, None)


def everywhere() -> dict[str, str]:
    """What belongs to every page, from the URL when the session begins."""
    if "everywhere" not in st.session_state:
        query = st.query_params.to_dict()
        st.session_state["everywhere"] = {key: query[key] for key in EVERYWHERE if key in query}
    return dict(st.session_state["everywhere"])


def set_everywhere(**texts: str) -> None:
    """An empty text takes its parameter out of the URL."""
    merged = everywhere() | texts
    st.session_state["everywhere"] = {key: text for key, text in merged.items() if text}


def put(
    slug: str, settings: type[Settings], query: Mapping[str, str], remarks: Sequence[str] = ()
) -> None:
    """Give a page the settings that a query names, as if the session opened it with them."""
    found, sentences = settings.read(query)
    st.session_state[slug] = found
    st.session_state[f"{slug}.sentences"] = [*remarks, *sentences]


class Store(Generic[S]):
    """The settings of the page `slug`, taken from the URL when the session first opens it."""

    def __init__(self, slug: str, kind: type[S]) -> None:
        self.slug = slug
        self.declared = kind.declared()
        self._kind = kind
        st.session_state[slug] = self.settings.within()

    @property
    def settings(self) -> S:
        # A callback may run in a session that has none yet, or none any more.
        if self.slug not in st.session_state:
            query, remarks = upgraded(self.slug, st.query_params.to_dict())
            put(self.slug, self._kind, query, remarks)
        settings: S = st.session_state[self.slug]
        return settings

    @property
    def query(self) -> str:
        general = (f"{key}={quote(text)}" for key, text in everywhere().items())
        return "&".join(filter(None, (self.settings.query, *general)))

    @property
    def address(self) -> dict[str, str]:
        """The same, not yet quoted: for a page without a chart, which would see to the URL."""
        return dict(parse_qsl(self.query))

    @property
    def sentences(self) -> list[str]:
        """What had to be replaced in the link, until something is changed."""
        return list(st.session_state.get(f"{self.slug}.sentences", ()))

    def show_remarks(self) -> None:
        """They quote what a link says."""
        for sentence in self.sentences:
            st.warning(plain(sentence))

    def put(self, settings: S) -> None:
        """Show these settings from now on."""
        st.session_state[self.slug] = settings
        st.session_state[f"{self.slug}.sentences"] = []

    def set(self, **changes: Any) -> None:
        self.put(replace(self.settings, **changes))

    def choose(self, name: str, value: Any) -> None:
        """A visitor has chosen a value: what follows from it follows."""
        self.put(self.settings.chosen(name, value))

    def reset(self, **values: Any) -> None:
        self.put(self.settings.reset(**values))

    def say(self, sentence: str) -> None:
        """Show a sentence until something is changed."""
        st.session_state[f"{self.slug}.sentences"] = [sentence]
