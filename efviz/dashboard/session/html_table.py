"""HTML tables: a caption, column and row headings, and scrolling on narrow screens."""

from collections.abc import Iterable, Mapping, Sequence

Cells = Sequence[str]


def html_table(
    caption: str,
    columns: Cells,
    rows: Iterable[Cells],
    *,
    headed: bool = True,
    current: int | None = None,
) -> str:
    """A table of HTML texts. The first cell of a row is its heading if the rows are `headed`.

    `current` is the row that the reader has chosen. A table that is too wide scrolls sideways, also
    by keyboard, for which its box must be focusable.
    """
    body = "".join(_row(cells, headed, k == current) for k, cells in enumerate(rows))
    head = "".join(f"<th scope='col'>{title}</th>" if title else "<td></td>" for title in columns)
    return (
        "<div class='efviz-scroll' tabindex='0' role='group' aria-label='Table'>"
        f"<table class='efviz-table'><caption>{caption}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(cells: Cells, headed: bool, current: bool) -> str:
    first = f"<th scope='row'>{cells[0]}</th>" if headed else f"<td>{cells[0]}</td>"
    rest = "".join(f"<td>{cell}</td>" for cell in cells[1:])
    mark = " aria-current='true'" if current else ""
    return f"<tr{mark}>{first}{rest}</tr>"


def table_of_cards(
    caption: str, columns: Cells, sections: Mapping[str, Iterable[Cells]], style: str
) -> str:
    """A table of HTML texts in sections, by their headings, whose rows are cards on narrow screens.

    `style` is the class for that. Explicit roles are needed because cards lose the implicit ones.
    """
    head = "".join(f"<th role='columnheader' scope='col'>{title}</th>" for title in columns)
    bodies = "".join(
        "<tbody role='rowgroup'><tr role='row' class='section'><th role='rowheader' "
        f"scope='rowgroup' colspan='{len(columns)}'>{title}</th></tr>"
        f"{''.join(map(_card, rows))}</tbody>"
        for title, rows in sections.items()
    )
    return (
        f"<table role='table' class='efviz-table {style}'><caption>{caption}</caption>"
        f"<thead role='rowgroup'><tr role='row'>{head}</tr></thead>{bodies}</table>"
    )


def _card(cells: Cells) -> str:
    rest = "".join(f"<td role='cell'>{cell}</td>" for cell in cells[1:])
    return f"<tr role='row'><th role='rowheader' scope='row'>{cells[0]}</th>{rest}</tr>"
