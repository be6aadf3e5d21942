"""The paper, checked: one row for every claim, with a check computed in the session."""

import streamlit as st

from efviz.dashboard.pages.paper import words
from efviz.dashboard.pages.paper.settings import PaperSettings
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.session.blocks import Row, Words
from efviz.dashboard.session.page import Page, Shown
from efviz.dashboard.session.studies import NOTHING, Studies
from efviz.paper import BIBTEX, checks

SLUG = "the-paper"
STUDIES = Studies(PaperSettings, NOTHING, {"found": checks})


def bar(shown: Shown) -> None:
    """The place of the progress bar, which would be out of sight below a long table."""
    shown.bar = st.container()


def address(shown: Shown) -> None:
    """Write the settings to the URL, which charts do on other pages."""
    if st.query_params.to_dict() != shown.store.address:
        st.query_params.from_dict(shown.store.address)


def cite(shown: Shown) -> None:
    st.markdown(words.CITE)
    st.code(BIBTEX, language="bibtex", wrap_lines=True)


PAGE = Page(
    PAGES[SLUG].title,
    SLUG,
    PaperSettings,
    STUDIES,
    controls=(Row(("show", bar), (1.6, 1), "bottom"), address),
    body=(Words(words.sentence), Words(words.table)),
    foot=(cite,),
    waits={"found": "the checks"},
    charts=False,
)
