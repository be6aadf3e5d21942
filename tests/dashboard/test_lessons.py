"""Lessons: links that hold, tasks that can be failed and done, texts without a typed number."""

import json
import re
import struct
import time
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest
from visiting import components, open_page

from efviz.dashboard.components.lesson import ACTIONS, _act
from efviz.dashboard.pages import PAGES
from efviz.dashboard.pages.lessons.excerpt import parts_of
from efviz.dashboard.pages.lessons.facts import ELSEWHERE, WORKING
from efviz.dashboard.pages.lessons.lesson import Lesson, Step, Verdict, settings
from efviz.dashboard.pages.lessons.registry import LESSONS
from efviz.dashboard.session.blocks import Chart
from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.page import View
from efviz.dashboard.session.settings import EVERYWHERE, Settings

progress_module = import_module("efviz.dashboard.components.progress")
STEPS = {
    f"{lesson.key}.{i}": (lesson, step)
    for lesson in LESSONS.values()
    for i, step in enumerate(lesson.steps, start=1)
}
PLAYED = [name for name, (_, step) in STEPS.items() if step.slug in PAGES]
TASKS = [name for name in PLAYED if STEPS[name][1].task]


def settings_of(step: Step, query: str) -> Any:
    found, sentences = PAGES[step.slug].settings.read(settings(query))
    assert sentences == []
    return found


def judged(step: Step, shown: Settings) -> Verdict:
    """The verdict once the page has computed everything."""
    assert step.task
    deadline = time.monotonic() + 60
    while (verdict := step.task.check(shown)).now == WORKING and time.monotonic() < deadline:
        pass
    return verdict


@pytest.mark.parametrize("name", PLAYED)
def test_the_link_of_a_step_says_only_what_its_page_knows(name: str) -> None:
    _, step = STEPS[name]
    shown = settings_of(step, step.query)
    # It has no setting at its default, so the page would write the same URL.
    assert settings(shown.query) == step.settings


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_not_done_when_its_step_begins(name: str) -> None:
    _, step = STEPS[name]
    verdict = judged(step, settings_of(step, step.query))
    assert not verdict.done
    assert verdict.now.endswith(".")


@pytest.mark.parametrize("name", TASKS)
def test_the_solution_of_a_task_solves_it(name: str) -> None:
    _, step = STEPS[name]
    assert step.task
    assert judged(step, settings_of(step, step.task.solution)).done


@pytest.mark.parametrize("name", TASKS)
def test_other_data_do_not_solve_a_task(name: str) -> None:
    _, step = STEPS[name]
    shown = settings_of(step, step.query)
    other = "wine" if shown.problem != "wine" else "diabetes"
    verdict = judged(step, type(shown).of(problem=other))
    assert not verdict.done
    assert verdict.now == ELSEWHERE


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_asks_before_it_shows_and_ends_with_something_to_do(lesson: Lesson) -> None:
    assert any(step.prediction for step in lesson.steps[:-1])
    assert lesson.steps[-1].task
    assert 3 <= len(lesson.steps) <= 5


REFERENCES = re.compile(r"(Eqs?|Figs?|Table|section)\.? \d+(\.\d+)?|\^\{-1\}|\^2")


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_no_number_is_typed_into_a_text(lesson: Lesson) -> None:
    texts = [lesson.title, lesson.about]
    texts += lesson.templates
    for text in texts:
        plain = re.sub(r"\[\[\w+\]\]", "", REFERENCES.sub("", text))
        assert not re.search(r"\d", plain), plain


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_every_number_of_a_lesson_is_said_and_every_text_has_its_numbers(lesson: Lesson) -> None:
    templates = lesson.templates
    said = {name for text in templates for name in re.findall(r"\[\[(\w+)\]\]", text)}
    assert said == set(lesson.numbers())
    for text in templates:
        assert "[[" not in lesson.say(text)


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_every_wrong_answer_has_a_reply_of_its_own(lesson: Lesson) -> None:
    for step in lesson.steps:
        if step.prediction:
            answers, right = step.prediction.answers, step.prediction.right()
            assert 0 <= right < len(answers)
            replies = [answer.reply for answer in answers]
            assert [i for i, reply in enumerate(replies) if not reply] == [right]
            assert len({*replies}) == len(replies)


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_ends_with_two_sentences(lesson: Lesson) -> None:
    assert len(re.findall(r"\.(?=\s|$)", lesson.say(lesson.recap))) == 2


@pytest.mark.parametrize("name", PLAYED)
def test_a_step_shows_controls_and_parts_that_its_page_has(name: str) -> None:
    _, step = STEPS[name]
    page = PAGES[step.slug].page
    assert page
    parts, declared = parts_of(page), page.settings.declared()
    assert {*step.shows} <= {*parts}
    for control in step.controls:
        assert control in parts or declared[control].shown
    assert {*step.touched} <= {*declared}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_can_be_solved_with_the_controls_that_are_shown(name: str) -> None:
    _, step = STEPS[name]
    assert step.task
    page = PAGES[step.slug].page
    assert page
    declared = page.settings.declared()
    usable = {declared[one].query for one in (*step.controls, *step.touched)}
    begun, solved = step.settings, settings(step.task.solution)
    changed = {key for key in {*begun, *solved} if begun.get(key) != solved.get(key)}
    assert changed
    assert changed <= usable


@cache
def panels_of(name: str, part: str = "chart") -> Mapping[str, Any]:
    """The panels of a chart of a step, as its page draws them."""
    _, step = STEPS[name]
    page = PAGES[step.slug].page
    assert page
    chart: Any = parts_of(page)[part]
    shown, found = settings_of(step, step.query), None
    deadline = time.monotonic() + 60
    while found is None and time.monotonic() < deadline:
        found = View(page, shown, 10).call(chart.call)
    assert found is not None
    return dict(found)


@pytest.mark.parametrize("name", [name for name in PLAYED if STEPS[name][1].panels])
def test_the_panels_of_a_step_are_there(name: str) -> None:
    _, step = STEPS[name]
    page = PAGES[step.slug].page
    assert page
    charts = {one for one in step.shows if isinstance(parts_of(page)[one], Chart)}
    found = [panel for one in charts for panel in panels_of(name, one)]
    if step.prediction:
        found += panels_of(name)
    assert {*step.panels} <= {*found}


HIDING = [
    name for name in PLAYED if (asked := STEPS[name][1].prediction) and asked.hides is not None
]


@pytest.mark.parametrize("name", HIDING)
def test_a_question_hides_what_it_asks_and_nothing_else(name: str) -> None:
    _, step = STEPS[name]
    assert step.prediction
    hides, whole = step.prediction.hides, panels_of(name)
    assert hides
    hidden = hides(whole)
    assert [*hidden] == [*whole]
    assert {*hides.panels} <= {*whole}
    for panel, spec in whole.items():
        if panel not in hides.panels:
            assert hidden[panel] is spec
            continue
        go.Figure({key: hidden[panel][key] for key in ("data", "layout")})
        before, after = ([trace["name"] for trace in one["data"]] for one in (spec, hidden[panel]))
        gone = [one for one in before if {*one.split(" = ")} & {*hides.traces}]
        assert gone
        assert after == [one for one in before if one not in gone]
        text = str(hidden[panel])
        assert "shapes" not in hidden[panel]["layout"]
        assert not re.search(r"'(vectors|play|anatomy|numbers)'|\d\u202f?%|reach the min", text)


def test_the_right_answers_are_those_that_the_texts_explain() -> None:
    """The answers that the texts around them explain."""
    found = {
        lesson.key: step.prediction.answers[step.prediction.right()].text
        for lesson in LESSONS.values()
        for step in lesson.steps
        if step.prediction
    }
    assert found == {
        "straight": "Only the natural gradient (NGD)",
        "bends": "It becomes about half as long",
        "enough-data": "about a tenth as large",
        "classifier": "In the correct case",
        "scale": "about four times",
        "growing-step": "twice as long",
        "whose-label": "Labels drawn from the model",
        "noise": "half as wide",
        "table": "It is much larger",
        "root": "It hardly changes",
        "batches": "About a hundredth",
        "improved": "At another point",
    }


def script(slug: str) -> None:
    from efviz.dashboard.main import shown
    from efviz.dashboard.pages import PAGES

    shown(PAGES[slug])()


def open_step(name: str, **query: str) -> AppTest:
    _, step = STEPS[name]
    at = AppTest.from_function(script, args=(step.slug,), default_timeout=90)
    for key, value in {"lesson": name, **query}.items():
        at.query_params[key] = value
    return at.run()


def charts(at: AppTest) -> list[Any]:
    return components(at, "chart")


def follows(at: AppTest) -> bool:
    """Whether the first chart follows the hand, by pictures that hide nothing."""
    packed = charts(at)[0].bytes
    (length,) = struct.unpack_from("<I", packed)
    return bool(json.loads(packed[4 : 4 + length])["follows"])


@pytest.mark.parametrize("name", PLAYED)
def test_every_step_plays_on_its_page(name: str) -> None:
    lesson, step = STEPS[name]
    at = open_step(name)
    assert not at.exception
    assert any(lesson.say(step.text) == text.value.strip() for text in at.markdown)
    assert not [w.value for w in at.warning if "link" in w.value]
    if step.prediction:
        # The picture is there, without what is asked and without words that would tell.
        assert charts(at)
        assert not any("efviz-sentence" in element.proto.body for element in at.get("html"))
        assert step.prediction.hides is None or not follows(at)
        at.button(key=f"lesson.answer.{lesson.key}.{lesson.steps.index(step)}.0").click().run()
        assert not at.exception
        assert any("You said" in text.value for text in at.markdown)
    assert charts(at)
    assert follows(at) or "chart" not in step.shows
    assert [button.label for button in at.button].count("All controls") == 1
    assert bool(step.task) == any("Not yet." in box.value for box in at.info)
    # A link that names only the step uses the settings of the step.
    assert at.session_state[step.slug] == settings_of(step, step.query)


@pytest.mark.parametrize("name", TASKS)
def test_the_bar_says_that_a_task_is_done_while_the_settings_solve_it(name: str) -> None:
    lesson, step = STEPS[name]
    assert step.task
    at = open_step(name, **settings(step.task.solution))
    for _ in range(40):
        if at.success:
            break
        at.run()
    solved, unsolved = (settings_of(step, query) for query in (step.task.solution, step.query))
    after = lesson.say(step.task.after)
    said = at.success[0].value
    assert said == f"Done. {judged(step, solved).now} {after}"
    # The settings with which the step begins do not solve it.
    at.session_state[step.slug] = unsolved
    verdict = judged(step, unsolved)
    at.run()
    assert not at.success
    assert [box.value for box in at.info if "Solved" in box.value] == [
        f"Solved earlier, but not at present. {verdict.now}\n\n{after}"
    ]
    at.session_state[step.slug] = solved
    at.run()
    assert [box.value for box in at.success] == [said]


def test_a_lesson_that_does_not_exist_is_named_and_the_page_is_there() -> None:
    # The warning stays until the page runs again, as it does when its picture has been computed.
    open_page("vector-fields")
    at = AppTest.from_function(script, args=("vector-fields",), default_timeout=60)
    at.query_params["lesson"] = "nonsense.7"
    at.run()
    assert plain("nonsense.7") in at.warning[0].value
    assert charts(at)


@pytest.mark.parametrize("number", ["0", "99", "x", "-1", "1e9", "²"])
def test_a_step_that_does_not_exist_is_replaced_by_the_nearest(number: str) -> None:
    at = AppTest.from_function(script, args=("vector-fields",), default_timeout=60)
    at.query_params["lesson"] = f"straight.{number}"
    at.run()
    assert not at.exception
    assert shown_head(at)["at"] == (3 if number == "99" else 0)


def shown_head(at: AppTest) -> dict[str, Any]:
    """What the head of the panel is told."""
    (head,) = components(at, "lesson")
    found: dict[str, Any] = json.loads(head.json)
    return found


def test_the_head_names_the_steps_and_marks_the_current_one() -> None:
    lesson, _ = STEPS["straight.2"]
    head = shown_head(open_step("straight.2"))
    assert head["title"] == lesson.title
    assert [step["title"] for step in head["steps"]] == [step.title for step in lesson.steps]
    assert (head["number"], head["at"], head["next"]) == (1, 1, "Next")
    assert shown_head(open_step("straight.4"))["next"] == "Next lesson"
    assert shown_head(open_step(list(STEPS)[-1]))["next"] == "All lessons"


@pytest.mark.parametrize("report", [None, "", "jump", 3, -1, 1.5, True, [], {}, "1"])
def test_the_head_ignores_what_is_no_action(report: Any) -> None:
    assert _act(report, 3) is None


def test_the_head_takes_its_actions_and_its_steps() -> None:
    assert [_act(report, 3) for report in (*ACTIONS, 0, 2, 2.0)] == [*ACTIONS, 0, 2, 2]


def test_another_page_links_back_and_is_shown_as_usual() -> None:
    at = AppTest.from_function(script, args=("at-the-minimum",), default_timeout=60)
    at.query_params["lesson"] = "straight.1"
    at.run()
    assert "Back to the lesson" in [button.label for button in at.button]
    assert charts(at)


def test_lesson_and_presenter_mode_stay_in_the_link() -> None:
    def link() -> None:
        import streamlit as st

        from efviz.dashboard.pages.vector_fields import page as vector_fields
        from efviz.dashboard.session.store import Store

        store = Store(vector_fields.SLUG, vector_fields.PAGE.settings)
        st.markdown(store.query)
        st.markdown(str(store.sentences))

    at = AppTest.from_function(link)
    for key, value in {"s": "0.5", "lesson": "bends.2", "present": "1"}.items():
        at.query_params[key] = value
    at.run()
    assert settings(at.markdown[0].value) == {"s": "0.5", "lesson": "bends.2", "present": "1"}
    assert at.markdown[1].value == "[]"


def test_no_page_has_a_setting_of_that_name() -> None:
    for page in PAGES.values():
        assert not {one.query for one in page.settings.declared().values()} & set(EVERYWHERE)


@pytest.mark.parametrize("name", ["enough-data.3", "straight.4"])
def test_two_failed_tries_bring_a_hint_and_a_way_to_be_shown(name: str) -> None:
    lesson, step = STEPS[name]
    assert step.task
    at = open_step(name, **step.settings)

    def hinted() -> bool:
        return any(text.value.startswith("**Hint.**") for text in at.markdown)

    wrong = {"enough-data.3": ("s=0.7", "s=0.9"), "straight.4": ("starts=4,3", "starts=4,4")}[name]
    for query in wrong:
        assert not hinted()
        at.session_state[step.slug] = settings_of(step, query)
        # It changes, and rests.
        at.run().run()
    assert hinted()
    at.button(key="lesson.show-me").click().run()
    for _ in range(40):
        if at.success:
            break
        at.run()
    assert at.success
    assert not hinted()
    assert any(lesson.say(lesson.recap) in text.value for text in at.markdown)
    assert any(button.label.startswith("Next lesson: ") for button in at.button)


def test_all_controls_are_one_press_away() -> None:
    at = open_step("growing-step.3")
    assert not components(at, "link")
    assert not at.selectbox
    at.button(key="lesson.all-controls").click().run()
    assert at.selectbox
    at.button(key="lesson.all-controls").click().run()
    assert not at.selectbox


def test_a_teacher_counts_hands_reveals_and_asks_the_next_class() -> None:
    _, step = STEPS["straight.1"]
    assert step.prediction
    at = open_step("straight.1", present="1")
    for i in (1, 1, 0, 3, 3):
        at.button(key=f"lesson.hands.{i}.more").click().run()
    at.button(key="lesson.hands.3.less").click().run()
    for _ in range(2):  # there are no fewer hands than none
        at.button(key="lesson.hands.2.less").click().run()
    at.button(key="lesson.reveal").click().run()
    answer = step.prediction.answers[step.prediction.right()].text
    assert any(text.value == f"**Answer:** {answer}." for text in at.markdown)
    (votes,) = (text.value for text in at.markdown if text.value.startswith("Hands: "))
    assert re.findall(r": (\d+)", votes) == ["1", "2", "0", "1"]
    assert follows(at)
    at.button(key="lesson.again").click().run()
    assert not follows(at)
    at.button(key="lesson.reveal").click().run()
    assert not any(text.value.startswith("Hands: ") for text in at.markdown)


def test_hands_are_counted_in_front_of_a_class_alone() -> None:
    at = open_step("straight.1")
    assert not [button for button in at.button if "hands" in (button.key or "")]


@pytest.mark.parametrize("report", [None, 7, "x", {}, [1, None], ["straight.9", "no"], [["a"]]])
def test_a_browser_may_have_kept_anything(report: Any) -> None:
    learnt: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            progress_module, "st", SimpleNamespace(session_state={"k": {"known": report}})
        )
        patch.setattr(
            progress_module,
            "component",
            lambda name: lambda key, data, on_known_change: on_known_change(),
        )
        progress_module.progress([], key="k", on_known=learnt.extend)
    assert all(isinstance(one, str) for one in learnt)


def test_a_step_is_done_when_it_was_read_and_its_question_answered() -> None:
    assert open_step("bends.3").session_state["lesson.done"] == {("bends", 2)}
    at = open_step("bends.1")
    assert not at.session_state["lesson.done"]
    at.button(key="lesson.answer.bends.0.1").click().run()
    assert at.session_state["lesson.done"] == {("bends", 0)}


def test_the_list_says_how_much_of_a_lesson_is_done() -> None:
    def page() -> None:
        import streamlit as st

        from efviz.dashboard.pages.lessons import panel
        from efviz.dashboard.pages.lessons.page import progress
        from efviz.dashboard.pages.lessons.registry import LESSONS

        panel.learn(["straight.1", "straight.2", "bends.4", "bends.9", "nonsense.1"])
        for lesson in LESSONS.values():
            st.markdown(progress(lesson))

    said = [text.value for text in AppTest.from_function(page).run().markdown]
    assert said[:3] == ["2 of 4 steps done", "1 of 4 steps done, task done", "3 steps"]
