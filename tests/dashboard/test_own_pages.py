"""Own tables on the pages: loaded, chosen from, refused with a sentence, never shared."""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from visiting import (
    MOONS,
    SEPARABLE,
    WITH_PROBLEM,
    change_settings,
    components,
    html,
    open_page,
    own,
    paste,
    sentence,
    settings_of,
    short_distances,
)

from efviz.dashboard.session import own_table
from efviz.dashboard.session.own_table_widgets import EXAMPLE


@pytest.fixture(autouse=True, scope="module")
def _short_curves() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        short_distances(patch, seeds=2)
        yield


@pytest.fixture(scope="module")
def moons() -> Callable[[str], AppTest]:
    """The page that has the table, opened once for tests that leave it as it is."""
    return cache(lambda slug: paste(open_page(slug, **own(slug)), MOONS))


def choose(at: AppTest, label: str, option: str) -> AppTest:
    boxes = [*at.selectbox, *at.get("button_group")]
    return next(b for b in boxes if b.label == label).set_value(option).run()


@pytest.fixture(params=WITH_PROBLEM)
def slug(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_without_a_table_the_page_asks_for_one(slug: str) -> None:
    at = open_page(slug, **own(slug))
    assert not at.exception
    assert components(at, "chart") == []
    assert at.text_area[0].label == "or pasted text"
    assert at.warning == []


@pytest.mark.parametrize("text", [EXAMPLE, MOONS], ids=["example", "moons"])
def test_a_pasted_table_makes_a_picture(slug: str, text: str) -> None:
    at = paste(open_page(slug, **own(slug)), text)
    assert not at.exception
    assert components(at, "chart")
    assert sentence(at)
    assert not at.error


@pytest.mark.parametrize(
    ("target", "regression"),
    [("kind", "logistic"), ("count", "poisson"), ("count", "linear"), ("a", "linear")],
)
def test_target_and_regression_can_be_chosen(slug: str, target: str, regression: str) -> None:
    at = paste(open_page(slug, **own(slug)), MOONS)
    at = choose(at, "Target", target)
    at = choose(at, "Regression", regression)
    assert not at.exception
    assert settings_of(at, slug).regression == regression
    assert target not in (
        getattr(settings_of(at, slug), name, None) for name in ("first", "second")
    )
    assert components(at, "chart")
    changes = [{"scaling": "raw"}]
    if slug != "optimization":
        changes.append({"inputs": "principal components"})
    for change in changes:
        change_settings(at, slug, **change)
        assert not at.run().exception


REFUSED = {
    "empty": "",
    "words": "to be or not to be",
    "one column": "a\n1\n2\n3",
    "constant": "a,b\n1,2\n1,2\n1,2",
    "only text": "a,b\nx,y\nz,w\nu,v",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_gets_a_sentence_and_changes_nothing(
    moons: Callable[[str], AppTest], slug: str, name: str
) -> None:
    at = moons(slug)
    before = settings_of(at, slug)
    at = paste(at, REFUSED[name])
    assert not at.exception
    assert len(at.error) == 1
    assert at.error[0].value.endswith((".", "?"))
    assert settings_of(at, slug) == before
    assert components(at, "chart")


def test_a_target_that_does_not_suit_is_explained(slug: str) -> None:
    at = paste(open_page(slug, **own(slug)), MOONS)
    at = choose(at, "Target", "a")
    at = choose(at, "Regression", "poisson")
    assert not at.exception
    assert "is a whole number from 0 up" in at.warning[0].value
    at = choose(at, "Target", "count")
    assert not at.warning
    assert components(at, "chart")


def test_cells_that_are_no_numbers_are_named_by_row_and_column() -> None:
    at = paste(open_page("at-the-minimum", problem="own"), MOONS + "\n1.0,about 2,up,1")
    said = " ".join(caption.value for caption in at.caption)
    assert "about 2" in said
    assert "62" in said


def test_a_separable_classification_runs_off_and_says_so() -> None:
    at = paste(open_page("at-the-minimum", problem="own"), SEPARABLE)
    at = choose(at, "Regression", "logistic")
    assert not at.exception
    assert "There is no finite minimum" in sentence(at)
    assert "with step size 1" in sentence(at)


def test_a_loaded_table_serves_both_pages_and_can_be_forgotten() -> None:
    at = paste(open_page("at-the-minimum", problem="own"), MOONS)
    next(b for b in at.button if b.label == "Forget this table").click().run()
    assert components(at, "chart") == []
    assert not at.exception


def test_a_link_keeps_what_was_chosen_until_the_table_is_there() -> None:
    query = {"problem": "own", "y": "count", "fit": "poisson", "x1": "b", "x2": "1"}
    at = open_page("at-the-minimum", **query)
    assert at.warning == []
    at = paste(at, MOONS)
    found = settings_of(at, "at-the-minimum")
    assert (found.target, found.regression) == ("count", "poisson")
    assert (found.first, found.second) == ("b", "1")
    assert components(at, "chart")


def test_a_link_keeps_the_columns_of_the_suggested_target() -> None:
    at = paste(open_page("at-the-minimum", problem="own", x1="b", x2="a", intercept="none"), MOONS)
    found = settings_of(at, "at-the-minimum")
    assert (found.target, found.first, found.second) == ("count", "b", "a")
    assert found.intercept == "none"


def test_what_a_link_says_of_another_table_is_dropped() -> None:
    at = open_page("at-the-minimum", problem="own", y="nobody", x1="<b>", fit="poisson")
    at = paste(at, MOONS)
    assert not at.exception
    assert settings_of(at, "at-the-minimum").target == "count"
    assert components(at, "chart")


def test_nobody_else_sees_the_table() -> None:
    paste(open_page("at-the-minimum", problem="own"), MOONS)
    other = open_page("at-the-minimum", problem="own")
    assert components(other, "chart") == []
    assert own_table._KEY not in other.session_state


def test_two_tables_of_equal_settings_do_not_share_a_picture() -> None:
    at = paste(open_page("at-the-minimum", problem="own"), MOONS)
    first = sentence(at)
    at = paste(at, MOONS + "\n0.5,0.5,up,4")
    assert sentence(at) != first


def test_foreign_names_are_shown_as_they_are() -> None:
    at = paste(
        open_page("at-the-minimum", problem="own"),
        MOONS.replace("kind", "<img src=x onerror=alert(1)>").replace("a,b", "$a$,[b](http://x)"),
    )
    assert not at.exception
    bodies = [e.proto.body for e in at.get("html")]
    assert not any("<img" in body for body in bodies)


NAMES = "a,b,person,empty,word,y\n" + "\n".join(
    f"{x:.3f},{z:.3f},person {i},,same,{int(x > z)}"
    for i, (x, z) in enumerate(np.random.default_rng(1).normal(size=(60, 2)))
)


@pytest.mark.parametrize("target", ["person", "empty", "word"])
def test_a_column_that_cannot_be_a_target_is_explained(slug: str, target: str) -> None:
    at = paste(open_page(slug, **own(slug)), NAMES)
    at = choose(at, "Target", target)
    assert not at.exception
    assert at.warning


def test_counts_with_negative_losses_open() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(80, 2))
    counts = rng.poisson(np.exp(3 + 0.3 * rows[:, 0]))
    text = "a,b,visits\n" + "\n".join(
        f"{a:.3f},{b:.3f},{n}" for (a, b), n in zip(rows, counts, strict=True)
    )
    at = paste(open_page("optimization", set="own"), text)
    assert not at.exception
    assert settings_of(at, "optimization").regression == "poisson"
    assert "nan" not in sentence(at)


def test_another_table_brings_its_own_settings() -> None:
    at = paste(open_page("at-the-minimum", problem="own"), MOONS)
    at = choose(at, "Target", "count")
    at = choose(at, "Regression", "poisson")
    rows = np.random.default_rng(2).normal(size=(50, 3))
    at = paste(at, "u,v,w\n" + "\n".join(",".join(f"{x:.4f}" for x in row) for row in rows))
    assert not at.warning
    assert settings_of(at, "at-the-minimum").regression == "linear"
    assert components(at, "chart")


def test_a_forgotten_table_can_be_loaded_again() -> None:
    at = paste(open_page("at-the-minimum", problem="own"), MOONS)
    next(b for b in at.button if b.label == "Forget this table").click().run()
    assert not at.text_area[0].value
    at = paste(at, MOONS)
    assert components(at, "chart")


def test_names_are_no_markup_in_warnings_and_axes() -> None:
    bad = "<a href='x'>k</a>"
    at = paste(open_page("at-the-minimum", problem="own"), MOONS.replace("a,b", f"{bad},b"))
    at = choose(at, "First column", bad)
    sent = b"".join(bytes(c.bytes) for c in components(at, "chart"))
    assert b'"text":"&lt;a href' in sent
    assert b'"text":"<a href' not in sent
    at = paste(at, "[click](http://x),b\n" + "\n".join(f"t{i},u{i}" for i in range(70)))
    assert "\\[click\\]" in at.error[0].value


def test_a_large_column_used_raw_is_drawn() -> None:
    rows = np.random.default_rng(3).normal(size=(40, 2)) * [1e60, 1.0]
    text = "a,b,y\n" + "\n".join(f"{a},{b},{a / 1e60 + b}" for a, b in rows)
    at = paste(open_page("vector-fields", problem="own", steps="10", scaling="raw"), text)
    assert not at.exception


def any_page() -> None:
    import streamlit as st

    from efviz.dashboard.pages import PAGES

    PAGES[st.session_state["slug"]].main()


class Visit:
    """One session that goes from page to page."""

    def __init__(self) -> None:
        self.at = AppTest.from_function(any_page, default_timeout=60)

    def open(self, slug: str, *, start: bool = False) -> AppTest:
        """`start`: choose the own table, as one does who opens the page by its name."""
        self.at.session_state["slug"] = slug
        self.at = self.at.run()
        if start:
            name = "Data set" if slug == "optimization" else "Problem"
            self.at = choose(self.at, name, "own")
        assert not self.at.exception
        return self.at


NOTED = "# made by hand\nid;size;word;y\n" + "\n".join(
    f"{i};{(7 * i) % 11 + i % 2 / 2};{'red' if i % 3 else 'Red'};{(3 * i) % 7 if i != 4 else ''}"
    for i in range(1, 30)
).replace(".", ",")
SAID = (
    "1 comment line at the top left out.",
    "The columns are separated by semicolons.",
    "The comma is read as the decimal sign in &quot;size&quot;.",
    "&quot;Red&quot; and &quot;red&quot; are one class of &quot;word&quot;.",
    "1 of 29 rows has no value in &quot;y&quot; and is left out (complete cases).",
)


def notes(at: AppTest) -> str:
    bodies = [element.proto.body for element in at.get("html")]
    return next(b for b in bodies if "efviz-note" in b and "separated" in b)


def test_what_was_done_to_a_table_is_said_once_on_every_page_in_the_same_words() -> None:
    visit = Visit()
    paste(visit.open(WITH_PROBLEM[0], start=True), NOTED)
    for slug in WITH_PROBLEM:
        at = visit.open(slug, start=slug != WITH_PROBLEM[0])
        for words in SAID:
            assert notes(at).count(words) == 1, (slug, words)
        everything = " ".join(
            [*(e.proto.body for e in at.get("html")), *(c.value for c in at.caption)]
        )
        assert everything.count(SAID[-1]) == 1
        dropped = "&quot;word&quot; holds no numbers and is left out."
        assert (dropped in notes(at)) == (slug == "optimization")


def test_a_table_set_up_on_one_page_is_the_same_on_the_next() -> None:
    visit = Visit()
    at = paste(visit.open("vector-fields", start=True), MOONS)
    at = choose(at, "Target", "kind")
    at = choose(at, "Class that counts as 1", "down")
    at = choose(at, "First column", "b")
    at = choose(at, "Second column", "count")
    at = choose(at, "Intercept", "none")
    at = choose(at, "Scaling", "raw")
    chosen = {name: getattr(settings_of(at, "vector-fields"), name) for name in own_table.KNOBS}
    assert (chosen["regression"], chosen["intercept"]) == ("logistic", "none")
    for slug in WITH_PROBLEM[1:]:
        at = visit.open(slug, start=True)
        found = settings_of(at, slug)
        assert {name: getattr(found, name) for name in chosen if hasattr(found, name)} == {
            name: value for name, value in chosen.items() if hasattr(found, name)
        }
        assert components(at, "chart")
    # Changed there, it is changed here; what speaks of another target follows anew.
    at = choose(visit.open("optimization"), "Target", "a")
    assert settings_of(at, "optimization").regression == "linear"
    found = settings_of(visit.open("vector-fields"), "vector-fields")
    assert (found.target, found.regression, found.scaling) == ("a", "linear", "raw")
    assert "a" not in (found.first, found.second)
    # And a page that left the table for another problem finds it as it is now.
    at = choose(visit.open("at-the-minimum"), "Problem", "fig2")
    at = choose(at, "Problem", "own")
    assert settings_of(at, "at-the-minimum").target == "a"


def test_a_link_to_a_page_says_what_holds_there_and_from_then_on_everywhere() -> None:
    visit = Visit()
    at = paste(visit.open("vector-fields", start=True), MOONS)
    assert settings_of(at, "vector-fields").target == "count"
    for key, text in {"problem": "own", "y": "kind", "x1": "b"}.items():
        visit.at.query_params[key] = text
    at = visit.open("at-the-minimum")
    assert (settings_of(at, "at-the-minimum").target, settings_of(at, "at-the-minimum").first) == (
        "kind",
        "b",
    )
    found = settings_of(visit.open("vector-fields"), "vector-fields")
    assert (found.target, found.first) == ("kind", "b")


def test_the_reading_of_a_table_can_be_chosen_beside_its_first_rows() -> None:
    at = paste(open_page("vector-fields", problem="own", steps="10"), "1,2\n3,4\n5,7\n2,1\n")
    assert "no header" in at.expander[0].label
    assert "<td>1</td><td>2</td>" in html(at)
    at = choose(at, "The first row", "yes")
    assert "no header" not in at.expander[0].label
    assert "<td>1</td><td>2</td>" not in html(at)
    assert "<th scope='col'>2</th>" in html(at)
    at = choose(at, "Columns are separated by", "semicolon")
    assert "only one column" in at.error[0].value
    assert components(at, "chart")


def test_two_columns_of_a_classification_have_their_intercept_held_or_none() -> None:
    at = paste(open_page("at-the-minimum", problem="own"), MOONS)
    at = choose(at, "Target", "kind")
    found = settings_of(at, "at-the-minimum")
    assert (found.second, found.intercept) == ("1", "")
    assert "Intercept" not in [box.label for box in at.selectbox]
    at = choose(at, "Second column", "b" if found.first == "a" else "a")
    assert settings_of(at, "at-the-minimum").intercept == "held"
    assert "The intercept is held at its best value, " in html(at)
    at = choose(at, "Intercept", "none")
    assert "The model has no intercept: where both inputs are 0, so is its output." in html(at)


def test_a_table_that_was_read_in_the_wrong_way_can_be_read_in_another() -> None:
    text = "name a b\nSmith, 1 2.5\nJones, 2 1\nBrown, 3 5\nWhite, 5 4\n"
    at = paste(open_page("vector-fields", problem="own", steps="10"), text)
    assert components(at, "chart") == []
    assert "A regression needs a target and an input" in at.error[0].value
    at = choose(at, "The first row", "no")
    assert len(at.error) == 1
    at = choose(at, "The first row", "")
    at = choose(at, "Columns are separated by", "spaces")
    assert not at.error
    assert components(at, "chart")
    assert "The columns are separated by spaces or tabs." in html(at)
    assert settings_of(at, "vector-fields").target == "b"
