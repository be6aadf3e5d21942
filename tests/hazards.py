"""Names that Markdown, HTML or Streamlit would take for something else; a table of them."""

import numpy as np

HAZARDS = (
    "[zq](http://zq.example)",
    ":red[zq]",
    "`zq`",
    "$zq$ and $2$",
    "<b>zq</b>",
    "http://zq.example/1",
    "www.zq.example",
    "me@zq.example",
    "**zq** _zq_ ~~zq~~",
    "![zq](zq.png)",
    ":material/zq: -> zq",
    "&lt;i&gt;zq",
)
NUMBERS = HAZARDS[:9]
"""Columns of numbers; then come one of two classes, one of text, and one without values."""


def table() -> str:
    rng = np.random.default_rng(0)
    rows = [HAZARDS]
    for _ in range(40):
        numbers = [f"{x:.3f}" for x in rng.normal(size=len(NUMBERS))]
        rows.append((*numbers, str(rng.choice(["<i>zq</i>", ":red[zq]"])), "`zq` [zq](zq)", ""))
    return "\n".join("\t".join(row) for row in rows)
