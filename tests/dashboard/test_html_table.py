"""Tables have headings for columns and rows, in the markup that screen readers need."""

from html.parser import HTMLParser

import pytest

from efviz.dashboard.session.html_table import html_table, table_of_cards


class Table(HTMLParser):
    """The cells of a table by row, each as (tag, scope, text); all elements are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[tuple[str, str | None, str]]] = []
        self.attributes: list[dict[str, str | None]] = []
        self.roles: dict[str, set[str | None]] = {}
        self.caption = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.open.append(tag)
        self.roles.setdefault(tag, set()).add(found.get("role"))
        if tag == "tr":
            self.rows.append([])
            self.attributes.append(found)
        elif tag in ("th", "td"):
            self.rows[-1].append((tag, found.get("scope"), ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] == "caption":
            self.caption += data
        elif self.rows:
            tag, scope, text = self.rows[-1][-1]
            self.rows[-1][-1] = (tag, scope, text + data)


def test_columns_and_rows_have_headings() -> None:
    table = Table(html_table("Losses", ("start", "GD"), [("1", "0.5"), ("2", "0.25")]))
    assert table.caption == "Losses"
    assert table.rows == [
        [("th", "col", "start"), ("th", "col", "GD")],
        [("th", "row", "1"), ("td", None, "0.5")],
        [("th", "row", "2"), ("td", None, "0.25")],
    ]


def test_rows_of_a_file_have_none_and_an_empty_heading_is_an_empty_cell() -> None:
    table = Table(html_table("Rows", ("", "b"), [("1", "2")], headed=False))
    assert table.rows == [
        [("td", None, ""), ("th", "col", "b")],
        [("td", None, "1"), ("td", None, "2")],
    ]


@pytest.mark.parametrize("current", [None, 0, 1])
def test_only_the_chosen_row_is_marked(current: int | None) -> None:
    table = Table(html_table("Rows", ("a",), [("1",), ("2",)], current=current))
    marked = [k for k, found in enumerate(table.attributes[1:]) if "aria-current" in found]
    assert marked == ([] if current is None else [current])


def test_cards_keep_the_roles_of_a_table() -> None:
    sections = {"First": [("1", "2")], "Second": [("3", "4"), ("5", "6")]}
    table = Table(table_of_cards("Claims", ("a", "b"), sections, "cards"))
    assert [row[0][1] for row in table.rows] == [
        "col", "rowgroup", "row", "rowgroup", "row", "row",
    ]  # fmt: skip
    assert [row[0][2] for row in table.rows] == ["a", "First", "1", "Second", "3", "5"]
    assert table.roles["tr"] == {"row"}
    assert table.roles["td"] == {"cell"}
    assert table.roles["th"] == {"columnheader", "rowheader"}
    assert table.roles["tbody"] == table.roles["thead"] == {"rowgroup"}
