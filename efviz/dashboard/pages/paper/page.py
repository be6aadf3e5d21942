"""The paper, checked: one row for every claim, with a check computed while you look."""

import streamlit as st

from efviz.dashboard.pages.paper import words as text
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.params import Choice, Param
from efviz.dashboard.session.store import Store, run_again
from efviz.dashboard.session.working import working
from efviz.paper import BIBTEX, CLAIMS, Result
from efviz.work import Progress, Work

SLUG = "the-paper"
TITLE = PAGES[SLUG].title
SLICE = 0.3
"""Seconds of checking between two pictures."""

Results = dict[str, Result]

PARAMS: tuple[Param, ...] = (
    Param("show", "show", "Show", Choice(lambda _: list(text.FILTERS)), lambda _: "all"),
)


def main() -> None:
    store = Store(SLUG, PARAMS)
    with st.container(horizontal=True, vertical_alignment="bottom", key="header"):
        st.title(TITLE, anchor=False)
    store.show_remarks()
    live()
    st.markdown(text.CITE)
    st.code(BIBTEX, language="bibtex", wrap_lines=True)


@st.fragment
def live() -> None:
    store = Store(SLUG, PARAMS)
    filters, bar = st.columns([1.6, 1], vertical_alignment="bottom")
    with filters:
        store.choice("show", titles=text.FILTERS, segmented=True)
    if st.query_params.to_dict() != store.address:
        st.query_params.from_dict(store.address)
    job = job_of_all()
    progress = job.progress
    found = progress.result or {}
    st.html(text.sentence(found))
    st.html(text.table(store.values["show"], found))
    # Asked of what was drawn: another session may have finished the work meanwhile.
    if progress.complete:
        return
    with bar:
        going = working(f"{SLUG}.work", SLUG, progress.fraction, "of the checks are done")
    if going:
        job.advance(SLICE)
        run_again()


@st.cache_resource(show_spinner=False)
def job_of_all() -> Job[Results]:
    """The checks depend on nothing: they are done once a process, by whoever looks first."""
    return Job(work())


def work() -> Work[Results]:
    checks = {key: claim for key, claim in CLAIMS.items() if claim.check}
    found: Results = {}
    for key, claim in checks.items():
        found[key] = claim.result()
        yield Progress(len(found) / len(checks), found.copy)
    return found
