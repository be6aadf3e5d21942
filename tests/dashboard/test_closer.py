"""The closer looks below the four matrices show and state the results of the library."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from visiting import components, html, open_page

from efviz.arrays import Array
from efviz.curvature import empirical_fisher, fisher
from efviz.curvature.splits import SPLITS, Sizes
from efviz.curvature.vocabulary import VOCABULARY
from efviz.dashboard.pages.matrices import closer
from efviz.dashboard.pages.matrices import page as matrices
from efviz.dashboard.pages.matrices.closer import splits as splits
from efviz.dashboard.pages.matrices.settings import MatricesSettings
from efviz.fields import Plane
from efviz.problems import Problem

SOME = ("fig1", "fig2", "poisson", "softmax", "saturation")


@dataclass(frozen=True)
class Here:
    """A problem at one theta, and the results of the page for it."""

    settings: MatricesSettings

    @property
    def problem(self) -> Problem:
        return self.found("problem")

    @property
    def plane(self) -> Plane:
        return self.found("plane")

    @property
    def theta(self) -> Array:
        return self.found("at")

    def found(self, name: str) -> Any:
        given = matrices.STUDIES.given.make(self.settings)
        return given[name] if name in given else matrices.STUDIES.now(name, self.settings)


def here(problem: str, theta: Any = None, **chosen: Any) -> Here:
    at = () if theta is None else (tuple(map(float, theta)),)
    return Here(MatricesSettings.of(**{"problem": problem, "N": 200, "theta": at} | chosen))


def script(section: str) -> None:
    from efviz.dashboard.pages.matrices import closer
    from efviz.dashboard.pages.matrices.page import STUDIES
    from efviz.dashboard.pages.matrices.settings import MatricesSettings
    from efviz.dashboard.session.page import Page, live

    blocks = closer.SECTIONS[section].blocks
    live(Page("Lab", "lab", MatricesSettings, STUDIES, controls=(), body=blocks))


def look(section: str, problem: str, theta: Any = None, **query: str) -> AppTest:
    """A single section, on 200 examples."""
    at = AppTest.from_function(script, args=(section,), default_timeout=60)
    at.query_params["problem"], at.query_params["n"] = problem, "200"
    if theta is not None:
        at.query_params["theta"] = ",".join(map(repr, map(float, theta)))
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    assert not at.session_state["lab.sentences"]
    return at


def words(at: AppTest) -> str:
    return " ".join(e.proto.body for e in at.get("html") if "efviz-sentence" in e.proto.body)


def plain(at: AppTest) -> str:
    return unescape(re.sub("<[^>]+>", "", words(at))).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("problem", SOME)
@pytest.mark.parametrize("section", closer.SECTIONS)
def test_every_section_draws_every_kind_of_problem(section: str, problem: str) -> None:
    at = look(section, problem)
    assert words(at)
    assert "nan" not in words(at)
    drawn = section != "words" and (section != "bound" or problem == "saturation")
    assert len(components(at, "chart")) == drawn


@pytest.mark.parametrize("section", closer.SECTIONS)
def test_the_page_draws_only_the_chosen_section(section: str) -> None:
    at = open_page(matrices.SLUG, problem="saturation", n="100", closer=section, M="2")
    assert not at.exception
    ids = [proto.id for proto in components(at, "chart")]
    drawn = [s for s in closer.SECTIONS if any(f".closer.{s}" in name for name in ids)]
    assert drawn == ([] if section == "words" else [section])


HARD: dict[str, tuple[str, list[float], dict[str, str]]] = {
    "far out": ("saturation", [1e9, -1e9], {}),
    "far out, counts": ("poisson", [1e9, 1e9], {}),
    "far out, classes": ("fig2", [-1e9, 1e9], {}),
    "exact fit": ("fig4", [1.0, 1.0], {"s": "-1"}),
    "no effect": ("saturation", [0.0, 0.0], {}),
    "singular": ("wine", [0.1, 0.2], {"x1": "alcohol", "x2": "alcohol"}),
    "raw columns": ("diabetes", [100.0, 3.0], {"scaling": "raw"}),
}


@pytest.mark.parametrize("case", HARD)
@pytest.mark.parametrize("section", closer.SECTIONS)
def test_hard_cases_are_named_and_not_raised(section: str, case: str) -> None:
    if section == "descent" and case in ("no effect", "singular"):
        pytest.skip("balls without an end take seconds to find")
    problem, theta, query = HARD[case]
    at = look(section, problem, theta, **query)
    assert words(at)
    assert "nan" not in words(at)


def two_works() -> None:
    from efviz.dashboard.session.working import working

    for name in ("one", "other"):
        working(name, 0, 0.5, "is done")


def test_two_works_on_one_page_are_stopped_one_by_one() -> None:
    at = AppTest.from_function(two_works).run()
    assert not at.exception
    at.button[1].click().run()
    assert [button.label for button in at.button] == ["Stop here", "Continue"]


def test_the_links_of_sections_have_names_of_their_own() -> None:
    declared = MatricesSettings.declared().values()
    names = [one.query for one in declared if one.name.startswith("c_")]
    assert len(names) == 5
    assert all(name.startswith("c") for name in names)
    page = [one.query for one in declared]
    assert len(page) == len(set(page))


# Splits.


@pytest.mark.parametrize(
    ("problem", "key", "lamp"),
    [
        ("fig1", "canonical", "● The outer gradient can reach zero"),
        ("fig2", "canonical", "◐ The outer gradient can only approach zero"),
        ("fig1", "empirical_fisher", "○ The outer gradient cannot reach zero"),
        ("fig2", "identity", "○ The outer gradient cannot reach zero"),
        ("saturation", "parameters", "● The outer gradient can reach zero"),
    ],
)
def test_the_lamp_says_whether_the_outer_gradient_can_vanish(
    problem: str, key: str, lamp: str
) -> None:
    at = look("splits", problem, csplit=key)
    assert any(lamp in element.value for element in at.markdown)
    assert SPLITS[key].vanishing(here(problem).problem).reason in at.caption[0].value


def test_a_split_that_keeps_everything_or_nothing_is_named() -> None:
    assert "The remainder is zero" in plain(look("splits", "fig2", csplit="parameters"))
    assert "The GGN is zero" in plain(look("splits", "fig2", csplit="identity"))


def test_sizes_that_overflow_are_powers_of_ten() -> None:
    assert splits.power(2.0) == "100"
    assert splits.power(-np.inf) == "0"
    assert splits.power(12345.4) == "10<sup>12,345</sup>"
    said = splits._sizes(Sizes(0.0, 0.0, 0.0))
    assert "size 1 for every example" in said


# Table 1.


@pytest.mark.parametrize("key", VOCABULARY)
def test_every_name_and_every_call_is_on_the_page(key: str) -> None:
    at = look("words", "fig1", cmatrix=key)
    shown = unescape(html(at))
    for name in VOCABULARY[key].names:
        assert name.words in shown
    for call in VOCABULARY[key].calls:
        assert f"<code>{call.code}</code>" in shown
        assert call.source in shown
    assert shown.count("<summary") == len(VOCABULARY[key].calls) + 1
    assert shown.count("aria-current") == 1
    assert shown.count("<abbr") == sum(len(term.calls) for term in VOCABULARY.values())


def test_both_meanings_of_empirical_fisher_warn_of_the_other() -> None:
    shown = here("fig1")
    F, EF = fisher(shown.problem, shown.theta), empirical_fisher(shown.problem, shown.theta)
    share = np.linalg.norm(EF - F) / np.linalg.norm(F)
    said = plain(look("words", "fig1", cmatrix="empirical_fisher"))
    assert "“empirical Fisher” means this in machine learning, but in statistics the Fisher" in said
    assert f"their distance is {share:.3g} times" in said
    said = plain(look("words", "fig1", cmatrix="fisher"))
    assert "“empirical Fisher” means this in statistics, but in machine learning the" in said
    assert "but in statistics and machine learning also the Fisher of the joint" in said


def test_results_belong_to_the_problem_and_are_shared() -> None:
    shown = here("fig2", N=50)
    assert shown.problem.N == 50
    job = matrices.STUDIES.job("split", shown.settings)
    assert job is matrices.STUDIES.job("split", here("fig2", N=50).settings)
    assert job is not matrices.STUDIES.job("split", here("fig2", N=60).settings)
