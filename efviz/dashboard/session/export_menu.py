"""The export menu below each figure: its image, page, numbers and code, and the citation."""

from collections.abc import Callable, Mapping

import streamlit as st

from efviz.dashboard.components import images
from efviz.figures import export
from efviz.figures.theme import Spec

UNFINISHED = "The computation is not finished. Files hold what is shown now; the code computes all."


def export_menu(
    key: str,
    name: str,
    panels: Callable[[], Mapping[str, Spec]],
    code: Callable[[], str],
    *,
    rows: Callable[[], int] = lambda: 1,
    complete: bool = True,
) -> None:
    """The menu of the chart `key`, whose files are called `name`; it costs nothing until opened.

    Even then, a file is made only when it is requested: outside of the page's run, where the caches
    and tables of the session are out of reach.
    """
    with st.popover(
        "Export", type="tertiary", key=f"take.{name}", on_change="rerun", width="content"
    ) as menu:
        if not menu.open:
            return
        with st.container(gap=None):
            choices(key, name, panels(), code(), rows())
        if not complete:
            st.caption(UNFINISHED)


def choices(key: str, name: str, specs: Mapping[str, Spec], lines: str, rows: int) -> None:
    images(key, name)
    files: dict[str, tuple[Callable[[], str], str, str]] = {
        "Interactive page (HTML)": (
            lambda: export.html(specs, title=name, rows=rows), f"{name}.html", "text/html"
        ),
        "Numbers (CSV)": (lambda: export.csv(specs), f"{name}.csv", "text/csv"),
        "Code (Python)": (lambda: lines, f"{name}.py", "text/x-python"),
        "The paper (BibTeX)": (citation, "kunstner2019.bib", "application/x-bibtex"),
    }  # fmt: skip
    for label, (make, file, mime) in files.items():
        st.download_button(
            label, make, file, mime, key=f"take.{name}.{label}", on_click="ignore", type="tertiary"
        )


def citation() -> str:
    from efviz.paper import BIBTEX  # slow: imports all claims and their checks

    return BIBTEX
