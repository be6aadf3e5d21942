"""The script that Streamlit runs for every visitor: navigation, style, the chosen page."""

from html import escape
from pathlib import Path

import streamlit as st

import efviz.components
from efviz.pages import PAGES, operations
from efviz.pages.store import arrive

_ASSETS = Path(efviz.components.__file__).with_name("assets")


def run() -> None:
    st.set_page_config(page_title="efviz", page_icon=_ASSETS / "icon.svg", layout="wide")
    st.html(_ASSETS / "page.css")
    pages = [
        st.Page(page.main, title=page.title, url_path=page.slug, default=i == 0)
        for i, page in enumerate(PAGES.values())
    ]
    chosen = st.navigation(pages, position="top")
    arrive(chosen.url_path or next(iter(PAGES)))
    chosen.run()
    st.html(f'<footer class="efviz-version">{escape(operations.title())}</footer>')


if __name__ == "__main__":
    run()
