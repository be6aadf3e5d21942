"""What the page The paper, checked says: its table, its counts."""

from collections.abc import Mapping
from html import escape
from itertools import groupby

from efviz.dashboard.pages.at_minimum.words import number
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.paper import CLAIMS, SECTIONS, Claim, Link, Measure, Result, summary

FILTERS = {
    "all": "All",
    "equation": "Equations",
    "figure": "Figures",
    "table": "Tables",
    "proposition": "Propositions",
    "conclusion": "Conclusions",
    "differs": "Print and truth differ",
}

CITE = (
    "Each check holds the library against a way of its own: SciPy's distributions and derivatives, "
    "sums over all labels, quadrature, searches, random draws. The same table in a terminal: "
    "`python -m efviz paper`. The paper:"
)


def chosen(show: str) -> list[Claim]:
    return [
        claim
        for claim in CLAIMS.values()
        if show in ("all", claim.kind) or (show == "differs" and claim.differs)
    ]


def sentence(checked: Mapping[str, Result] | None = None) -> str:
    found = checked or {}
    words = escape(summary(found.values()))
    failed = [CLAIMS[key].where for key, result in found.items() if not result.passed]
    if failed:
        words += f" <b>These fail: {escape(', '.join(failed))}.</b>"
    return f"<p class='efviz-sentence'>{words}</p>"


def table(show: str, checked: Mapping[str, Result] | None = None) -> str:
    """Rows by section. Roles stand beside the elements: cards on narrow screens lose those."""
    found = checked or {}
    head = "".join(
        f"<th role='columnheader' scope='col'>{name}</th>"
        for name in ("Where", "What it says", "Checked now", "See it")
    )
    bodies = ""
    for section, claims in groupby(chosen(show), lambda claim: claim.section):
        rows = "".join(row(claim, found.get(claim.key)) for claim in claims)
        bodies += (
            "<tbody role='rowgroup'><tr role='row' class='section'><th role='rowheader' "
            f"scope='rowgroup' colspan='4'>{escape(SECTIONS[section])}</th></tr>{rows}</tbody>"
        )
    return (
        "<table role='table' class='efviz-table efviz-claims'><caption>Claims of the paper, each "
        "with its check</caption><thead role='rowgroup'><tr role='row'>"
        f"{head}</tr></thead>{bodies}</table>"
    )


def row(claim: Claim, result: Result | None) -> str:
    differs = (
        f"<p class='differs'><b>As printed, as made:</b> {escape(claim.differs)}</p>"
        if claim.differs
        else ""
    )
    return (
        f"<tr role='row'><th role='rowheader' scope='row'>{escape(claim.where)}</th>"
        f"<td role='cell'>{escape(claim.says)}{differs}</td>"
        f"<td role='cell'>{_checked(claim, result)}</td>"
        f"<td role='cell'>{link(claim)}</td></tr>"
    )


def _checked(claim: Claim, result: Result | None) -> str:
    if claim.check is None:
        return f"<span class='none'>Not computed.</span> {escape(claim.uncomputed)}"
    if result is None:
        return "…"
    verdict = (
        "<span class='holds'>✓ holds</span>"
        if result.passed
        else "<span class='fails'>✗ fails</span>"
    )
    return f"{verdict}<ul>{''.join(map(_measure, result.measures))}</ul>"


def _measure(measure: Measure) -> str:
    shown = measure.shown if "e" not in measure.shown else number(measure.value)
    tolerance = " ".join(
        number(float(word)).removeprefix("1 · ") if "e" in word else word
        for word in measure.tolerance.split()
    )
    mark = "" if measure.passed else " class='fails'"
    return (
        f"<li{mark}>{escape(measure.words)}: <b>{shown.replace('-', '−')}</b> "
        f"<small>{tolerance.replace('-', '−')}</small></li>"
    )


def link(claim: Claim) -> str:
    if claim.link is None:
        return "–"
    title = claim.link.page.replace("-", " ").capitalize()
    return f"<a href='{escape(address(claim.link))}'>{title}</a>"


def address(link: Link) -> str:
    """Relative to this page; the first page of the dashboard has no name of its own."""
    page = "./" if link.page == vector_fields.SLUG else link.page
    return f"{page}?{link.query}" if link.query else page
