"""Pages run at their defaults, at their extremes and on junk, without an exception."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest
from visiting import (
    WITH_PROBLEM,
    assert_a_picture,
    change_settings,
    components,
    open_page,
    sentence,
    settings_of,
    short_curves,
    short_distances,
)

from efviz import PROBLEMS
from efviz.dashboard import main as dashboard
from efviz.dashboard.pages import PAGES
from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.gradient_noise import page as gradient_noise
from efviz.dashboard.pages.matrices import page as matrices
from efviz.dashboard.pages.registry import Listing
from efviz.dashboard.pages.start import page as start
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session import page as frame
from efviz.dashboard.session.blocks import Chart
from efviz.dashboard.session.caches import SHARED
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.page import Shown, View


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.slug)
def test_a_page_is_the_module_that_its_entry_names(page: Listing) -> None:
    module = page.load()
    assert page.slug == module.SLUG
    if hasattr(module, "PAGE"):
        assert (module.PAGE.slug, module.PAGE.title) == (page.slug, page.title)
        assert page.settings is module.PAGE.settings
        assert page.main.args == (module.PAGE,)
    else:
        assert page.main is module.main


@pytest.mark.parametrize("slug", PAGES)
def test_every_page_opens(slug: str) -> None:
    assert not open_page(slug).exception


@pytest.mark.parametrize(
    ("slug", "query"),
    [
        ("vector-fields", {"problem": "fig2", "n": "50", "steps": "300", "edits": "m3,1,0"}),
        ("four-matrices", {"n": "50", "theta": "1,2", "closer": "bound"}),
        ("the-paper", {"show": "differs"}),
    ],
)
def test_reset_returns_every_setting_and_the_data_to_their_defaults(
    slug: str, query: dict[str, str]
) -> None:
    at = open_page(slug, **query)
    assert settings_of(at, slug).query
    at = next(button for button in at.button if button.label == "Reset").click().run()
    assert not at.exception
    assert settings_of(at, slug).query == ""


def test_the_script_of_the_app_opens_the_first_page() -> None:
    at = AppTest.from_file(dashboard.__file__)
    at.default_timeout = 60
    at.run()
    assert not at.exception
    assert len(components(at, "contrast")) == 1
    assert at.title[0].value == start.HEADING


@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_problem_opens(problem: str) -> None:
    assert_a_picture(open_page(problem=problem))


EXTREMES: dict[str, dict[str, str]] = {
    "few examples": {"n": "10"},
    "many examples": {"n": "1000000"},
    "few steps": {"steps": "10"},
    "large step": {"step": "1e10"},
    "small step": {"step": "1e-10"},
    "no damping": {"damping": "0"},
    "large damping": {"damping": "1e10"},
    "one place for all starts": {"starts": ";".join(["2,2"] * 12)},
    "starts far out": {"starts": "1e9,-1e9"},
    "tiny plane": {"plane": "2,2.000001,2,2.000001"},
    "huge plane": {"plane": "-1e9,1e9,-1e9,1e9"},
    "flat plane": {"plane": "-1000,1000,0,0.001"},
    "large scale": {"ef": "1e9"},
    "dense": {"grid": "31", "arrows": "unit", "cos": "1"},
    "exact fit": {"s": "-1", "damping": "0"},
}


@pytest.mark.parametrize("problem", ["fig1", "fig2", "saturation"])
@pytest.mark.parametrize("extreme", EXTREMES)
def test_extreme_settings_end_in_a_picture(problem: str, extreme: str) -> None:
    query = {"problem": problem, "steps": "300"} | EXTREMES[extreme]
    if extreme == "many examples" and problem != "fig1":
        query["n"] = "20000"
    if extreme == "exact fit" and problem == "fig2":
        query["s"] = "1.75"
    assert_a_picture(open_page(**query))


@pytest.mark.parametrize("problem", [key for key, e in PROBLEMS.items() if not e.family])
@pytest.mark.parametrize("inputs", ["columns", "principal components"])
def test_raw_tables_open(problem: str, inputs: str) -> None:
    assert_a_picture(open_page(problem=problem, inputs=inputs, scaling="raw", steps="300"))


def test_a_column_with_itself_is_singular_and_says_so() -> None:
    at = open_page(problem="wine", x1="alcohol", x2="alcohol", damping="0", steps="300")
    assert_a_picture(at)
    assert "only 1 of the 2 parameters" in sentence(at)
    assert "is singular" in sentence(at)


def test_junk_in_a_link_gets_a_warning_and_a_picture() -> None:
    at = open_page(s="<script>", n="-1", starts="∞", problem="x" * 10_000, nothing="1")
    assert_a_picture(at)
    said = [warning.value for warning in at.warning]
    assert len(said) == 5
    assert all(len(words) < 300 for words in said)


def test_presets_are_the_published_figure_and_the_printed_step_size() -> None:
    at = open_page(problem="fig2", n="50")
    made, printed = at.button[0], at.button[1]
    assert "as published" in made.label
    made.click().run()
    assert settings_of(at) == VectorFieldsSettings.of()
    at.button[1].click().run()
    assert "printed step size" in printed.label
    assert settings_of(at) == VectorFieldsSettings.of(step_size=1e-4)
    assert_a_picture(at)


def test_another_problem_brings_its_settings_and_keeps_the_seed() -> None:
    at = open_page(seed="7", n="50", step="0.5", s="1", starts="1,1")
    at.selectbox[0].select("fig2").run()
    assert_a_picture(at)
    expected = VectorFieldsSettings.of(problem="fig2", seed=7, N=50)
    assert settings_of(at) == expected


def test_fewer_steps_than_the_iteration_shown_lead_to_the_last_of_them() -> None:
    at = open_page(play="1", at="200", of="3", steps="300")
    assert (settings_of(at).at, settings_of(at).followed) == (200, 3)
    change_settings(at, vector_fields.SLUG, n_steps=100, starts=((0.0, 0.0),))
    at.run()
    assert not at.exception
    assert (settings_of(at).at, settings_of(at).followed) == (100, 1)
    again = open_page(**dict(parse_qsl(settings_of(at).query)))
    assert not again.warning


def test_sliders_show_what_the_store_holds() -> None:
    at = open_page(damping="0.25", s="0.5")
    held = {}
    for proto in components(at, "slider"):
        data = json.loads(proto.json)
        held[data["label"]] = data["value"]
    assert held["Damping λ"] == 0.25
    assert held["Strength s"] == 0.5
    assert held["Step size γ"] == 1e-3


@pytest.mark.parametrize("page", [at_minimum, matrices, gradient_noise])
def test_what_another_session_finishes_after_the_drawing_is_drawn(
    page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[Job[Any]] = []
    complete: dict[str, list[bool]] = {}
    begin, draw = Job.__init__, Chart._draw

    def seen(job: Job[Any], steps: Any) -> None:
        begin(job, steps)
        jobs.append(job)

    def drawn(chart: Chart, shown: Shown, packed: bytes) -> None:
        draw(chart, shown, packed)
        found = chart.exported(shown.page, shown.view)
        complete.setdefault(chart.key, []).append(bool(found and found.complete))
        for job in jobs:
            while not job.done:
                job.advance(1)

    monkeypatch.setattr(Job, "__init__", seen)
    monkeypatch.setattr(Chart, "_draw", drawn)
    monkeypatch.setattr(frame, "LATER", 0)
    monkeypatch.setattr(View.__init__, "__defaults__", (1e-9,))
    short_distances(monkeypatch, largest=100)
    short_curves(monkeypatch)
    SHARED.clear()
    assert not open_page(page.SLUG, steps="20").exception
    assert not all(known[0] for known in complete.values())
    assert all(known[-1] for known in complete.values()), complete


@pytest.mark.parametrize("slug", WITH_PROBLEM)
def test_every_chart_of_a_page_leaves_its_address_as_it_is(
    slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_distances(monkeypatch, largest=100)
    key, text = ("set", "wine") if slug == "optimization" else ("seed", "3")
    sent = [proto.bytes for proto in components(open_page(slug, **{key: text}), "chart")]
    heads = [data[4 : 4 + int.from_bytes(data[:4], "little")] for data in sent]
    said = [json.loads(head)["address"] for head in heads]
    assert said[0]["query"] == f"{key}={text}"
    assert [one for one in said if one not in (None, said[0])] == []
