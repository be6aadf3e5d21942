"""Tables of results, as HTML."""


def html_table(caption: str, head: str, rows: str) -> str:
    """`head` holds the cells of the first row, `rows` the others; all three are HTML.

    What is too wide scrolls sideways, by keys too, for which the box has to take the focus.
    """
    return (
        "<div class='efviz-scroll' tabindex='0' role='group' aria-label='Table'>"
        f"<table class='efviz-table'><caption>{caption}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def headings(*titles: str) -> str:
    return "".join(f"<th scope='col'>{title}</th>" for title in titles)
