"""Navigation between pages, with settings."""

from collections.abc import Mapping
from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from efviz.dashboard.session.store import everywhere

_KEY = "pages"


def remember(pages: Mapping[str, StreamlitPage]) -> None:
    """The pages as Streamlit knows them, by slug."""
    st.session_state[_KEY] = dict(pages)


def known(slug: str) -> bool:
    return slug in st.session_state.get(_KEY, {})


def go(slug: str, query: Mapping[str, str] | None = None) -> NoReturn:
    """Show another page; what belongs to every page stays in the URL."""
    st.switch_page(st.session_state[_KEY][slug], query_params={**(query or {}), **everywhere()})


def link(slug: str, label: str) -> None:
    """A link to a page, or its label alone if the page is unknown, as in tests of one page."""
    if known(slug):
        st.page_link(st.session_state[_KEY][slug], label=label, query_params=everywhere())
    else:
        st.markdown(label)
