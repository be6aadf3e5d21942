"""The export menu of the header: image, page, numbers and code of a chart, and the citation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from efviz.dashboard.components import images
from efviz.figures import export
from efviz.figures.theme import Spec

UNFINISHED = "The computation is not finished. Files hold what is shown now; the code computes all."


@dataclass(frozen=True)
class Exported:
    """A chart to be exported: its title in the menu, its key on the page, the name of its files.

    A file is made only when it is requested: outside of the page's run, where the caches and tables
    of the session are out of reach.
    """

    title: str
    key: str
    name: str
    panels: Callable[[], Mapping[str, Spec]]
    code: Callable[[], str]
    rows: Callable[[], int] = lambda: 1
    complete: bool = True


@st.fragment
def export_menu(slug: str, charts: Callable[[], Sequence[Exported]]) -> None:
    """The menu of the page `slug` with the charts that it shows; it costs nothing until opened.

    A fragment, so that it opens without another run of the page.
    """
    with st.popover(
        "Export",
        type="tertiary",
        icon=":material/download:",
        help="Export a chart: image, page, numbers, code",
        key=f"{slug}.export",
        on_change="rerun",
        width="content",
    ) as menu:
        if not menu.open:
            return
        found = {one.title: one for one in charts()}
        if not found:
            st.caption("There is no chart to export yet.")
            return
        title = next(iter(found))
        if len(found) > 1:
            title = st.selectbox("Chart", list(found), key=f"{slug}.export.chart")
        with st.container(gap=None):
            choices(found[title])
        if not found[title].complete:
            st.caption(UNFINISHED)


def choices(one: Exported) -> None:
    images(one.key, one.name)
    specs, lines, rows = one.panels(), one.code(), one.rows()
    files: dict[str, tuple[Callable[[], str], str, str]] = {
        "Interactive page (HTML)": (
            lambda: export.html(specs, title=one.name, rows=rows), f"{one.name}.html", "text/html"
        ),
        "Numbers (CSV)": (lambda: export.csv(specs), f"{one.name}.csv", "text/csv"),
        "Code (Python)": (lambda: lines, f"{one.name}.py", "text/x-python"),
        "The paper (BibTeX)": (citation, "kunstner2019.bib", "application/x-bibtex"),
    }  # fmt: skip
    for label, (make, file, mime) in files.items():
        st.download_button(
            label,
            make,
            file,
            mime,
            key=f"take.{one.name}.{label}",
            on_click="ignore",
            type="tertiary",
        )


def citation() -> str:
    from efviz.paper import BIBTEX  # slow: imports all claims and their checks

    return BIBTEX
