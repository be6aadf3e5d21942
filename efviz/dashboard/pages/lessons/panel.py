"""The panel beside a page during a lesson: stepper, text, question and task.

The step is in the URL of every page as `lesson=key.step`, presenter mode as `present=1`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from efviz.dashboard.components import lesson_head, progress
from efviz.dashboard.components import style as sheets
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.session import routes
from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.settings import EVERYWHERE
from efviz.dashboard.session.store import everywhere, put, set_everywhere
from efviz.datasets.tables.errors import quoted

if TYPE_CHECKING:
    from efviz.dashboard.pages.lessons.lesson import Lesson, Step, Verdict

QUIET = ("start", "lessons")
"""Pages without lesson steps, on which there is no panel."""
SECONDS = 0.7
"""Time between two checks of an open task."""
ENOUGH = 2
"""Tries after which there is a hint."""
ACT = "lesson.act"
"""The session key of what a visitor has chosen in the head of the panel."""


ALL = "lesson.all"
"""The session key of whether all controls of the page are shown."""


def presenting() -> bool:
    return everywhere().get("present") == "1"


def present(on: bool) -> None:
    set_everywhere(present="1" if on else "")


def current() -> tuple[Lesson, int] | None:
    """The lesson and the index of its step that the URL names; None if it names no lesson."""
    key, _, number = everywhere().get("lesson", "").partition(".")
    if not key:
        return None
    lesson = lessons().get(key)
    if lesson is None:
        return None
    index = int(number) - 1 if number.isdecimal() and len(number) < 3 else 0
    return lesson, min(max(index, 0), len(lesson.steps) - 1)


def available(lesson: Lesson) -> bool:
    """Whether all its pages are available."""
    return all(routes.known(step.slug) for step in lesson.steps)


def enter(lesson: Lesson, index: int, query: str | None = None) -> None:
    """Show a step: its page with the settings of the step."""
    step = lesson.steps[index]
    st.session_state.pop(ALL, None)
    set_everywhere(lesson=f"{lesson.key}.{index + 1}")
    # A page that the session has not opened takes its values from the URL.
    st.session_state.pop(step.slug, None)
    routes.go(step.slug, step.settings)


def leave() -> None:
    set_everywhere(lesson="", present="")
    routes.go("lessons")


def resume() -> None:
    """Go to the lesson step named by a link to a page without lesson steps."""
    found = current()
    if found and "lesson" in st.query_params and available(found[0]):
        enter(*found)


def around(slug: str, main: Callable[[], None]) -> None:
    """The page, beside the panel if a step of a lesson takes place on it."""
    text = everywhere().get("lesson")
    found = current()
    if text and found is None:
        words = f"There is no lesson {quoted(text)}; the page Lessons lists all lessons."
        st.warning(plain(words))
        set_everywhere(lesson="")
    if found is None or slug in QUIET:
        if presenting() and slug != "lessons":
            presenter_button()
        main()
        return
    lesson, index = found
    step = lesson.steps[index]
    if step.slug != slug:
        with st.container(border=True, horizontal=True, key="lesson-elsewhere"):
            aside(lesson, index)
        main()
        return
    act(lesson, index)
    begin(step)
    with st.container(key="lesson-page"):
        with st.container(key="lesson"):
            answered = draw(lesson, index)
        with st.container(key="lesson-picture"):
            picture(slug, step, main, answered=answered)


def picture(slug: str, step: Step, main: Callable[[], None], *, answered: bool) -> None:
    """What the step shows of its page, or all of it on demand."""
    from efviz.dashboard.pages.lessons.excerpt import excerpt, question
    from efviz.dashboard.session.page import run

    page = PAGES[slug].page
    assert page
    if not answered and step.prediction:
        run(question(page, step, step.prediction), headed=False)
    elif st.session_state.get(ALL):
        every_control()
        main()
    else:
        run(excerpt(page, step, every_control), headed=False)


def every_control() -> None:
    """The button that shows all controls of the page, or again those of the step alone."""
    shown = bool(st.session_state.get(ALL))
    words = "Controls of this step" if shown else "All controls"
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(words, key="lesson.all-controls", type="tertiary", icon=":material/tune:"):
            st.session_state[ALL] = not shown
            st.rerun()


def draw(lesson: Lesson, index: int) -> bool:
    """Draw the panel; False while a question hides a part of the picture."""
    step = lesson.steps[index]
    head(lesson, index)
    with st.container(key="lesson-text"):
        # In front of a class, the answer takes the place of the text.
        if not (presenting() and (lesson.key, index) in answers()):
            st.markdown(lesson.say(step.text))
        answered = predict(lesson, index)
        if answered and step.task:
            solved = judge(step).done
            st.fragment(partial(task, lesson, index), run_every=None if solved else SECONDS)()
        elif answered:
            done().add((lesson.key, index))
    remember()
    return answered


def head(lesson: Lesson, index: int) -> None:
    """The title and the stepper."""
    last = index == len(lesson.steps) - 1
    lesson_head(
        lesson.title,
        key="lesson-head",
        number=number(lesson),
        steps=[
            {"title": step.title, "done": (lesson.key, i) in done()}
            for i, step in enumerate(lesson.steps)
        ],
        at=index,
        next="Next" if not last else "Next lesson" if following(lesson) else "All lessons",
        presenting=presenting(),
        on_act=partial(st.session_state.__setitem__, ACT),
    )


def number(lesson: Lesson) -> int:
    """The place of a lesson in the list, counted from 1."""
    return list(lessons()).index(lesson.key) + 1


def following(lesson: Lesson) -> Lesson | None:
    """The next lesson, None after the last one."""
    return [*lessons().values(), None][number(lesson)]


def lessons() -> dict[str, Lesson]:
    from efviz.dashboard.pages.lessons.registry import (
        LESSONS,  # imports all pages, so only when a lesson runs
    )

    return LESSONS


def act(lesson: Lesson, index: int) -> None:
    """Do what a visitor has chosen in the head of the panel."""
    chosen = st.session_state.pop(ACT, None)
    if chosen == "present":
        present(not presenting())
        st.rerun()
    elif chosen == "leave":
        leave()
    elif chosen is not None:
        steps: dict[str, int] = {"back": index - 1, "restart": index, "next": index + 1}
        go_to(lesson, steps.get(chosen, chosen))


def go_to(lesson: Lesson, index: int) -> None:
    """Show a step of the lesson; after the last one the next lesson, or the list of lessons."""
    if index < len(lesson.steps):
        enter(lesson, max(index, 0))
    if coming := following(lesson):
        enter(coming, 0)
    set_everywhere(lesson="")
    routes.go("lessons")


def begin(step: Step) -> None:
    """Use the settings of the step if the link names only the lesson."""
    if step.slug not in st.session_state and not set(st.query_params) - set(EVERYWHERE):
        st.query_params.from_dict(step.settings | everywhere())


def aside(lesson: Lesson, index: int) -> None:
    """The name of the lesson, and buttons to return or leave: on other pages than the step's."""
    st.markdown(f"Lesson: **{lesson.title}**")
    if st.button("Back to the lesson", key="lesson.return"):
        routes.go(lesson.steps[index].slug)
    if st.button("Leave", key="lesson.leave", type="tertiary"):
        leave()
    if presenting():
        presenter_button()


def predict(lesson: Lesson, index: int) -> bool:
    """The question, then what there is to say about the answer; whether it was answered."""
    prediction = lesson.steps[index].prediction
    if prediction is None:
        return True
    given, key = answers(), (lesson.key, index)
    st.markdown(f"**Predict.** {lesson.say(prediction.question)}")
    if key not in given:
        with st.container(key="lesson-answers"):
            for i, answer in enumerate(prediction.answers):
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    st.button(
                        lesson.say(answer.text),
                        key=f"lesson.answer.{lesson.key}.{index}.{i}",
                        on_click=given.update,
                        args=({key: i},),
                        width="stretch",
                    )
                    if presenting():
                        count(hands(lesson, index), i)
        if presenting():
            st.button("Reveal", key="lesson.reveal", on_click=given.update, args=({key: None},))
        return False
    chosen, right = given[key], prediction.right()
    if chosen is None:
        st.markdown(f"**Answer:** {lesson.say(prediction.answers[right].text)}.")
    else:
        answer = prediction.answers[chosen]
        verdict = (
            "**Correct.**" if chosen == right else f"**Not quite.** {lesson.say(answer.reply)}"
        )
        st.markdown(f"You said: *{lesson.say(answer.text)}*. {verdict}")
    st.markdown(lesson.say(prediction.because))
    if any(counted := hands(lesson, index)):
        texts = (lesson.say(answer.text) for answer in prediction.answers)
        votes = (f"{text}: {n}" for text, n in zip(texts, counted, strict=True))
        st.markdown(f"Hands: {'; '.join(votes)}.")
    st.button("Ask again", key="lesson.again", type="tertiary", on_click=ask_again, args=(key,))
    return True


def answers() -> dict[tuple[str, int], int | None]:
    """By step, the index of the answer that was chosen, None if it was revealed."""
    given: dict[tuple[str, int], int | None] = st.session_state.setdefault("lesson.answers", {})
    return given


def hands(lesson: Lesson, index: int) -> list[int]:
    """How many hands a teacher has counted for each answer."""
    prediction = lesson.steps[index].prediction
    assert prediction
    counted: dict[tuple[str, int], list[int]] = st.session_state.setdefault("lesson.hands", {})
    return counted.setdefault((lesson.key, index), [0] * len(prediction.answers))


def count(counted: list[int], i: int) -> None:
    """The number of hands for an answer, between buttons that change it."""

    def change(by: int) -> None:
        counted[i] = max(counted[i] + by, 0)

    st.button("−", key=f"lesson.hands.{i}.less", help="One hand fewer", on_click=change, args=(-1,))
    st.html(f"<span class='efviz-hands'>{counted[i]}</span>", width="content")
    st.button("+", key=f"lesson.hands.{i}.more", help="One hand more", on_click=change, args=(1,))


def ask_again(key: tuple[str, int]) -> None:
    """Open the question again, for the next class."""
    answers().pop(key, None)
    st.session_state.get("lesson.hands", {}).pop(key, None)


def done() -> set[tuple[str, int]]:
    """Steps whose text was shown, whose question was answered, and whose task was solved."""
    found: set[tuple[str, int]] = st.session_state.setdefault("lesson.done", set())
    return found


def remember() -> None:
    """Keep what is done in the browser, and learn what was done before."""
    names = {f"{key}.{index + 1}" for key, index in done()}
    progress(names, key="lesson-progress", on_known=learn)


def learn(names: Iterable[str]) -> None:
    """Take for done what a browser has kept, if there are such steps."""
    steps = {
        f"{lesson.key}.{index + 1}": (lesson.key, index)
        for lesson in lessons().values()
        for index in range(len(lesson.steps))
    }
    done().update(steps[name] for name in names if name in steps)


def task(lesson: Lesson, index: int) -> None:
    """The task and its verdict, checked repeatedly while the reader tries."""
    step = lesson.steps[index]
    assert step.task
    verdict, after = judge(step), lesson.say(step.task.after)
    st.markdown(f"**Task.** {lesson.say(step.task.words)}")
    if verdict.done:
        done().add((lesson.key, index))
        st.success(f"Done. {verdict.now} {after}", icon=":material/check:")
    elif (lesson.key, index) in done():
        now = f"Solved earlier, but not at present. {verdict.now}"
        st.info(f"{now}\n\n{after}", icon=":material/radio_button_unchecked:")
    else:
        st.info(f"Not yet. {verdict.now}", icon=":material/radio_button_unchecked:")
        if tries(lesson, index) >= ENOUGH:
            help_out(lesson, step)
    if (lesson.key, index) in done() and index == len(lesson.steps) - 1:
        st.markdown(f"**In short.** {lesson.say(lesson.recap)}")
        coming = following(lesson)
        words = f"Next lesson: {coming.title}" if coming else "All lessons"
        if st.button(words, key="lesson.following", type="primary", width="stretch"):
            go_to(lesson, index + 1)


def tries(lesson: Lesson, index: int) -> int:
    """How often the settings have changed, and rested, since the step began."""
    known: dict[tuple[str, int], tuple[Any, bool, int]]
    known = st.session_state.setdefault("lesson.tries", {})
    now, key = st.session_state.get(lesson.steps[index].slug), (lesson.key, index)
    before, rested, count = known.get(key, (now, True, 0))
    if now != before:
        known[key] = now, False, count
    else:
        known[key] = now, True, count + (not rested)
    return known[key][-1]


def help_out(lesson: Lesson, step: Step) -> None:
    """A hint, and a button that solves the task."""
    assert step.task
    st.markdown(f"**Hint.** {lesson.say(step.task.hint)}")
    if st.button("Show me", key="lesson.show-me"):
        from efviz.dashboard.pages.lessons.lesson import settings

        put(step.slug, PAGES[step.slug].settings, settings(step.task.solution))
        st.rerun()


def judge(step: Step) -> Verdict:
    """The verdict of the task on the current settings of the page."""
    assert step.task
    from efviz.dashboard.pages.lessons.lesson import Verdict

    settings = st.session_state.get(step.slug)
    return step.task.check(settings) if settings else Verdict(False, "")


def presenter_button() -> None:
    """A button, not a switch, so that it leaves the arrow keys alone while it has the focus."""
    on = presenting()
    st.button(
        "End presenting" if on else "Present",
        key="lesson.present",
        type="tertiary",
        help="Large text, no navigation; the arrow keys move between the steps of a lesson.",
        shortcut="Escape" if on else None,
        on_click=present,
        args=(not on,),
    )


def style() -> None:
    """Use large text and hide the navigation while presenting."""
    st.html(sheets.presenting() if presenting() else "<style></style>")
