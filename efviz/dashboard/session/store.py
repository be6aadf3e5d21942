"""The settings of a page in a session.

The store is the only source of truth: widgets show its values and change them in callbacks. So a
preset, a click on a chart and a slider can change the same setting, and values survive a visit to
another page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, quote

import streamlit as st
from streamlit.errors import StreamlitAPIException

from efviz.dashboard.server import compat
from efviz.dashboard.session import history
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
    """On arrival at the page `slug`, drop stored values if the URL carries settings.

    It does when a visitor comes from outside. A page opened from the navigation has no query and
    keeps its values. The browser's Back and Forward lead to what the URL says, whatever it says.
    """
    before, back = st.session_state.get("arrived"), compat.went_back()
    if slug == before and not back:
        return
    st.session_state["arrived"] = slug
    if slug != before:
        history.turn()
    here = compat.query_of_the_run()
    if back or before is None:
        history.take(here)
    if back and history.is_told(here):
        return
    query, step = st.query_params.to_dict(), everywhere().get("lesson")
    said = {key: query.get(key, "") for key in EVERYWHERE if back or key in query}
    set_everywhere(**said)
    if back or said.get("lesson", step) != step or set(query) - set(EVERYWHERE):
        st.session_state.pop(slug, None)


def everywhere() -> dict[str, str]:
    """Parameters of every page, taken from the URL when the session begins."""
    if "everywhere" not in st.session_state:
        query = st.query_params.to_dict()
        st.session_state["everywhere"] = {key: query[key] for key in EVERYWHERE if key in query}
    return dict(st.session_state["everywhere"])


def set_everywhere(**texts: str) -> None:
    """Set parameters of every page; an empty text removes one from the URL."""
    merged = everywhere() | texts
    st.session_state["everywhere"] = {key: text for key, text in merged.items() if text}


def put(
    slug: str, settings: type[Settings], query: Mapping[str, str], remarks: Sequence[str] = ()
) -> None:
    """Give a page the settings of a query, as if it were opened with them."""
    found, sentences = settings.read(query)
    st.session_state[slug] = found
    st.session_state[f"{slug}.sentences"] = [*remarks, *sentences]
    history.let_go()


class Store(Generic[S]):
    """The settings of the page `slug`, taken from the URL when the session first opens it."""

    def __init__(self, slug: str, kind: type[S]) -> None:
        self.slug = slug
        self.declared = kind.declared()
        self._kind = kind
        st.session_state[slug] = self.settings.within()

    @property
    def settings(self) -> S:
        # A callback may run before the settings exist, or after they were dropped.
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
        """The same, unquoted, for a page without a chart to update the URL."""
        return dict(parse_qsl(self.query))

    @property
    def sentences(self) -> list[str]:
        """Remarks on the link, until a setting is changed."""
        return list(st.session_state.get(f"{self.slug}.sentences", ()))

    def show_remarks(self) -> None:
        """Show the remarks, escaped because they quote the link."""
        for sentence in self.sentences:
            st.warning(plain(sentence))

    def put(self, settings: S, *, gesture: str = "") -> None:
        """Show these settings from now on; Back undoes all changes of one gesture together."""
        st.session_state[self.slug] = settings
        st.session_state[f"{self.slug}.sentences"] = []
        history.changed(gesture and f"{self.slug} {gesture}")

    def set(self, **changes: Any) -> None:
        self.put(replace(self.settings, **changes))

    def choose(self, name: str, value: Any, *, gesture: str = "") -> None:
        """Set the valid value nearest to one from a widget, and the settings that depend on it.

        Bounds and options may have changed since the widget was drawn.
        """
        one, now = self.declared[name], self.settings
        value = one.kind.nearest(value, now)
        if value is not None:
            after = one.follow(now, value) if one.follow else replace(now, **{name: value})
            self.put(after, gesture=gesture)

    def say(self, sentence: str) -> None:
        """Show a sentence until a setting is changed."""
        st.session_state[f"{self.slug}.sentences"] = [sentence]
