"""Pages run without a browser: opened by a link, given a table, and read."""

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from efviz.dashboard.pages import PAGES
from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.matrices import page as matrices
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.session.settings import Setting
from efviz.dashboard.session.store import Store
from efviz.dashboard.session.studies import Call
from efviz.studies.label_sources import label_distances

WITH_PROBLEM = [slug for slug, page in PAGES.items() if "problem" in page.settings.declared()]
"""Pages on which a problem, or an own table, is chosen."""

MOONS = "\n".join(
    ["a,b,kind,count"]
    + [
        f"{x:.4f},{y:.4f},{'up' if x + 0.3 * np.sin(9 * y) > 0 else 'down'},{i % 5}"
        for i, (x, y) in enumerate(np.random.default_rng(0).normal(size=(60, 2)))
    ]
)
SEPARABLE = "a,b,side\n" + "\n".join(f"{1.1 * x},{(7 * x) % 5},{int(x > 5)}" for x in range(1, 11))
"""Tables to paste."""


def script(slug: str) -> None:
    from efviz.dashboard.pages import PAGES

    PAGES[slug].main()


def open_page(slug: str = vector_fields.SLUG, **query: str) -> AppTest:
    at = AppTest.from_function(script, args=(slug,), default_timeout=180)
    for key, value in query.items():
        at.query_params[key] = value
    return at.run()


def short_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of the sampled Fisher up to M = 32 alone: pages wait for it under test."""
    curve = Call(label_distances, matrices.AT, {"sizes": (1, 10, 32)})
    monkeypatch.setitem(matrices.STUDIES.calls, "distances", curve)


def short_distances(monkeypatch: pytest.MonkeyPatch, **fewer: int) -> None:
    """Fewer `seeds`, or a smaller `largest` sample, in the distances against N."""
    calls = at_minimum.STUDIES.calls
    fixed = calls["distances"].fixed | fewer
    # Another call, so that what is cached of one is not taken for the other's.
    monkeypatch.setitem(calls, "distances", replace(calls["distances"], fixed=fixed))


def own(slug: str) -> dict[str, str]:
    """The link to the own table of a page."""
    if slug == "optimization":
        return {"set": "own"}
    return {"problem": "own"} | ({"steps": "300"} if slug == "vector-fields" else {})


def paste(at: AppTest, text: str) -> AppTest:
    at.text_area[0].input(text)
    return next(b for b in at.button if b.label == "Use the text").click().run()


def components(at: AppTest, name: str) -> list[Any]:
    return [c.proto for c in at.get("bidi_component") if c.proto.component_name == f"efviz_{name}"]


def html(at: AppTest) -> str:
    assert not at.exception
    return " ".join(element.proto.body for element in at.get("html"))


def sentence(at: AppTest) -> str:
    bodies = [element.proto.body for element in at.get("html")]
    found = next(body for body in bodies if "efviz-sentence" in body)
    return re.sub(r"<a href='#glossary-[^']*'>(.*?)</a>", r"\1", found)


def settings_of(at: AppTest, slug: str = vector_fields.SLUG) -> Any:
    return at.session_state[slug]


def change_settings(at: AppTest, slug: str, **changes: Any) -> None:
    """As another page of the session might have left them."""
    at.session_state[slug] = replace(settings_of(at, slug), **changes)


def assert_a_picture(at: AppTest) -> None:
    assert not at.exception
    assert len(components(at, "chart")) == 1
    assert "of the plane" in sentence(at)


class Held:
    """A store that only remembers what was set."""

    slug = "held"

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    choose = Store.choose

    @property
    def declared(self) -> dict[str, Setting]:
        return self.settings.declared()

    def put(self, settings: Any, *, gesture: str = "") -> None:
        self.settings = settings

    def set(self, **changes: Any) -> None:
        self.put(replace(self.settings, **changes))


def held(settings: Any, given: dict[str, Any] | None = None, **results: Any) -> Any:
    """What a block or a handler is told of a page: its settings and known results."""
    view = SimpleNamespace(
        settings=settings, result=lambda name, wait=False: results.get(name), given=given or {}
    )
    return SimpleNamespace(store=Held(settings), view=view, settings=settings)
