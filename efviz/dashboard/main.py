"""The script that Streamlit runs for every visitor: navigation, style, the chosen page."""

from collections.abc import Callable
from html import escape
from pathlib import Path

import streamlit as st

import efviz.dashboard.components
from efviz.dashboard.components import scheme_button
from efviz.dashboard.components.style import style
from efviz.dashboard.pages import PAGES
from efviz.dashboard.pages.lessons import panel as lesson_panel
from efviz.dashboard.pages.registry import Listing
from efviz.dashboard.server import compat, operations, places
from efviz.dashboard.session import glossary, routes
from efviz.dashboard.session.store import arrive

_ASSETS = Path(efviz.dashboard.components.__file__).with_name("assets")


def run() -> None:
    st.set_page_config(page_title="efviz", page_icon=_ASSETS / "icon.svg", layout="wide")
    st.logo(_ASSETS / "icon.svg", size="large")
    st.html(style())
    # Sent first and placed last by the style, so that slow pages do not delay it.
    st.html(f'<footer class="efviz-version">{escape(operations.title())}</footer>')
    pages = {
        page.slug: st.Page(shown(page), title=page.title, url_path=page.slug, default=i == 0)
        for i, page in enumerate(PAGES.values())
    }
    scheme_button()
    routes.remember(pages)
    lesson_panel.style()
    glossary.mount()
    chosen = st.navigation(list(pages.values()), position="top")
    slug = chosen.url_path or next(iter(PAGES))
    st.set_page_config(page_title=places.page_title(slug))
    arrive(slug)
    chosen.run()
    compat.forget_fragments_of_other_pages()


def shown(page: Listing) -> Callable[[], None]:
    """The page, beside the panel of a lesson if one takes place on it."""

    def main() -> None:
        lesson_panel.around(page.slug, page.main)

    return main


if __name__ == "__main__":
    run()
