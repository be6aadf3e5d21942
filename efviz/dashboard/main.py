"""The script that Streamlit runs for every visitor: navigation, style, the chosen page."""

from collections.abc import Callable
from html import escape
from pathlib import Path

import streamlit as st

import efviz.dashboard.components
from efviz.dashboard.components.style import style
from efviz.dashboard.pages import PAGES
from efviz.dashboard.pages.lessons import panel as lesson_panel
from efviz.dashboard.pages.registry import Listing
from efviz.dashboard.server import compat, operations
from efviz.dashboard.session import routes
from efviz.dashboard.session.store import arrive

_ASSETS = Path(efviz.dashboard.components.__file__).with_name("assets")


def run() -> None:
    st.set_page_config(page_title="efviz", page_icon=_ASSETS / "icon.svg", layout="wide")
    st.html(style())
    # Sent first and placed last by the style, so that slow pages do not delay it.
    st.html(f'<footer class="efviz-version">{escape(operations.title())}</footer>')
    pages = {
        page.slug: st.Page(shown(page), title=page.title, url_path=page.slug, default=i == 0)
        for i, page in enumerate(PAGES.values())
    }
    routes.remember(pages)
    lesson_panel.style()
    chosen = st.navigation(list(pages.values()), position="top")
    arrive(chosen.url_path or next(iter(PAGES)))
    chosen.run()
    compat.forget_fragments_of_other_pages()


def shown(page: Listing) -> Callable[[], None]:
    """The page, beside the panel of a lesson if one takes place on it."""

    def main() -> None:
        lesson_panel.around(page.slug, page.main)

    return main


if __name__ == "__main__":
    run()
