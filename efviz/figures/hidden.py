"""Panels without what a reader is asked to predict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from efviz.figures.theme import Spec, layout

TELLING = ("vectors", "play", "anatomy", "still")
"""Entries of `meta` that would tell what is hidden."""


@dataclass(frozen=True)
class Hidden:
    """A function of panels that hides something in those with these names.

    Traces named in `traces` are dropped, also from names like "F = H", as are texts beside them.
    Arrows, descriptions and the numbers at the pointer go as well. `title` replaces that of each
    panel, if it tells too much. Data, contours, starts and the minimum stay.
    """

    panels: tuple[str, ...]
    traces: tuple[str, ...]
    title: str = ""

    def __call__(self, panels: Mapping[str, Spec]) -> dict[str, Spec]:
        return {
            name: self._without(spec) if name in self.panels else spec
            for name, spec in panels.items()
        }

    def _without(self, spec: Spec) -> Spec:
        traces = [_texts(trace, self._tells) for trace in spec["data"]]
        frame = {key: value for key, value in spec["layout"].items() if key != "shapes"}
        title = layout(self.title)["title"] if self.title else frame["title"]
        called = title["text"].partition("</b>")[0].removeprefix("<b>")
        meta = {key: value for key, value in frame["meta"].items() if key not in TELLING}
        meta["label"] = f"{called}: a part is hidden until the question is answered"
        shown = {"title": title, "meta": meta}
        return {
            "data": [trace for trace in traces if not self._tells(trace.get("name", ""))],
            "layout": frame | shown,
        }

    def _tells(self, name: str) -> bool:
        return bool({*name.split(" = ")} & {*self.traces})


def _texts(trace: dict[str, Any], tells: Any) -> dict[str, Any]:
    """The trace without the points whose text tells."""
    texts = trace.get("text")
    if isinstance(texts, str) or texts is None or not any(map(tells, texts)):
        return trace
    kept = [i for i, text in enumerate(texts) if not tells(text)]

    def some(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: some(item) for key, item in value.items()}
        if isinstance(value, np.ndarray) and len(value) == len(texts):
            return value[kept]
        if isinstance(value, list | tuple) and len(value) == len(texts):
            return [value[i] for i in kept]
        return value

    return {key: some(value) for key, value in trace.items()}
