"""The texts of the page The paper, checked: its table and its counts."""

from collections.abc import Mapping
from html import escape
from itertools import groupby

from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.session.html_table import table_of_cards
from efviz.paper import LISTED, SECTIONS, Claim, Link, Measure, Result, summary

FILTERS = {
    "all": "All",
    "equation": "Equations",
    "figure": "Figures",
    "table": "Tables",
    "proposition": "Propositions",
    "conclusion": "Conclusions",
    "differs": "Misprints",
    "later": "Since then",
}

CITE = (
    "Each check compares the library with an independent computation: SciPy's distributions and "
    "derivatives, sums over all labels, quadrature, searches or random draws. To print the same "
    "table in a terminal, run `python -m efviz paper`. To cite the paper:"
)


def chosen(show: str) -> list[Claim]:
    return [
        claim
        for claim in LISTED.values()
        if show in ("all", claim.kind) or (show == "differs" and claim.differs)
    ]


def sentence(found: Mapping[str, Result] | None = None) -> str:
    found = found or {}
    words = escape(summary(found.values()))
    failed = [LISTED[key].where for key, result in found.items() if not result.passed]
    if failed:
        words += f" <b>These fail: {escape(', '.join(failed))}.</b>"
    return f"<p class='efviz-sentence'>{words}</p>"


def table(show: str, found: Mapping[str, Result] | None = None) -> str:
    found = found or {}
    return table_of_cards(
        "Claims of the paper and later ones, each with its check",
        ("Where", "Claim", "Check", "See it"),
        {
            escape(SECTIONS[section]): [row(claim, found.get(claim.key)) for claim in claims]
            for section, claims in groupby(chosen(show), lambda claim: claim.section)
        },
        style="efviz-claims",
    )


def row(claim: Claim, result: Result | None) -> tuple[str, ...]:
    differs = (
        f"<p class='differs'><b>Misprint:</b> {escape(claim.differs)}</p>" if claim.differs else ""
    )
    says = f"{escape(claim.says)}{differs}"
    return escape(claim.where), says, checked(claim, result), link(claim)


def checked(claim: Claim, result: Result | None) -> str:
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
    mark = "" if measure.passed else " class='fails'"
    return (
        f"<li{mark}>{escape(measure.words)}: <b>{measure.shown}</b> "
        f"<small>{measure.tolerance}</small></li>"
    )


def link(claim: Claim) -> str:
    if claim.link is None:
        return "–"
    title = claim.link.page.replace("-", " ").capitalize()
    return f"<a href='{escape(address(claim.link))}'>{title}</a>"


def address(link: Link) -> str:
    """A URL relative to this page; old links to the root lead to the page Vector fields."""
    page = "./" if link.page == vector_fields.SLUG else link.page
    return f"{page}?{link.query}" if link.query else page
