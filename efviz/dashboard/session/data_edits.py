"""Moving, adding and removing single examples, on the data panel or by number."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from efviz.arrays import Array
from efviz.dashboard.components import Click, Touch
from efviz.dashboard.session import data_edits_words as text
from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.kinds import FARTHEST, rounded
from efviz.dashboard.session.page import Shown
from efviz.dashboard.session.problem_choice import problem_of
from efviz.dashboard.session.problem_settings import ProblemSettings
from efviz.dashboard.session.store import Store
from efviz.datasets.dataset import Dataset, input_columns
from efviz.datasets.edits import (
    MOST,
    REMOVED,
    Edits,
    add,
    classes,
    nearest_target,
    put,
    refused,
    take_away,
)
from efviz.figures.data_points import place_of

NEAREST = "same as the nearest"
NUMBERED = "Examples are numbered from 0 in the order of the original data; added examples follow."


def clicked(store: Store[Any], click: Click) -> None:
    """Add an example by a click in the data panel; the second of a double click adds none."""
    if not store.settings.editing or max(abs(click.x), abs(click.y)) > FARTHEST:
        return
    dataset, problem = problem_of(store.settings)
    where = place_of(dataset, problem, click.x, click.y)
    edits: Edits = store.settings.edits
    target = _target(store, dataset, where)
    new = add(edits, (*_short(dataset, where), *target))
    if not edits or edits[-1] != new[-1]:
        change(store, new)


def touched(settings: Any, touch: Touch) -> Any:
    """The settings after an example was dragged or removed."""
    number = touch.number
    if not settings.editing or number is None:
        return settings
    dataset, problem = problem_of(settings)
    N, edits = len(_original(dataset).y), settings.edits
    if number >= N + _added(edits):
        return settings
    if touch.action == "remove":
        return _with(settings, take_away(edits, N, number))
    where = _short(dataset, place_of(dataset, problem, touch.x, touch.y))
    return _with(settings, put(edits, N, number, where))


def after_touch(store: Store[Any], before: Any, touch: Touch) -> None:
    """Make a step to undo, one for a whole drag, and show the numbers of the example."""
    removed = touch.action == "remove"
    _changed(store, before, gesture=None if removed else touch.number)
    if touch.action == "drop" and before.editing and touch.number is not None:
        st.session_state[_key(store, "number")] = touch.number
        st.session_state.pop(_key(store, "gesture"), None)


def change(store: Store[Any], edits: Edits) -> None:
    """Set new edits, with a step to undo."""
    before = store.settings
    after = _with(before, edits)
    if after != before:
        store.put(after)
        _changed(store, before)


def _with(settings: Any, edits: Edits) -> Any:
    """The settings with these edits, or without them if they are too many or too far out."""
    if len(edits) > max(MOST, len(settings.edits)):
        return settings
    if any(abs(number) > FARTHEST for _, *numbers in edits for number in numbers):
        return settings
    return replace(settings, edits=edits)


def _changed(store: Store[Any], before: Any, gesture: int | None = None) -> None:
    """Note a step to undo if the edits have changed; a gesture that continues is no new step."""
    state = st.session_state
    if store.settings.edits == before.edits:
        return
    if gesture is None or state.get(_key(store, "gesture")) != gesture:
        state.setdefault(_key(store, "before"), []).append((_owner(before), before.edits))
    state[_key(store, "gesture")] = gesture


def undo(store: Store[Any]) -> None:
    """Undo the last change; in a new session, remove the last edit."""
    stack, edits = st.session_state.get(_key(store, "before"), []), store.settings.edits
    while stack:
        owner, before = stack.pop()
        if owner == _owner(store.settings) and before != edits:
            store.set(edits=before)
            return
    store.set(edits=edits[:-1])


def _key(store: Store[Any], name: str) -> str:
    return f"{store.slug}.edits.{name}"


def _owner(settings: ProblemSettings) -> tuple[Any, ...]:
    """What edits refer to: the problem and its columns."""
    names = ("problem", "first", "second", "inputs", "scaling", "target", "regression", "positive")
    return tuple(getattr(settings, name) for name in names)


def _original(dataset: Dataset) -> Dataset:
    return dataset.edited.original if dataset.edited else dataset


def _added(edits: Edits) -> int:
    return sum(edit[0] == "a" for edit in edits)


def _columns(dataset: Dataset) -> list[tuple[str, Array]]:
    """The coordinates of an example by name: the inputs and the target."""
    names = [(dataset.feature_names[i], dataset.X[:, i]) for i in input_columns(dataset)]
    return [*names, (dataset.target_name, dataset.y)]


def _short(dataset: Dataset, place: Sequence[float]) -> tuple[float, ...]:
    """A place rounded to a thousandth of the spread of the data, to keep links short."""
    columns = _columns(_original(dataset))
    short = []
    for (_, values), number in zip(columns, place, strict=False):
        spread = float(np.ptp(values[:1000])) or 1.0
        short.append(rounded(number, spread))
    if len(place) == len(columns):
        short[-1] = nearest_target(dataset, short[-1])
    return tuple(short)


def _target(store: Store[Any], dataset: Dataset, where: Sequence[float]) -> tuple[float, ...]:
    """For two inputs: the class chosen for new examples, or the target of the nearest."""
    columns = input_columns(dataset)
    if len(columns) != 2:
        return ()
    chosen = st.session_state.get(_key(store, "class"), NEAREST)
    if dataset.task == "classification" and chosen not in (None, NEAREST):
        return (float(chosen),)
    X = dataset.X[:, columns]
    away = (X - np.array(where)) / (np.ptp(X, axis=0) + 1e-300)
    return (float(dataset.y[np.argmin((away**2).sum(-1))]),)


def edits(shown: Shown) -> None:
    """What was edited, its effect on EF and, while editing, inputs for one example."""
    store, now = shown.store, shown.store.settings
    if not (now.edits or now.editing):
        return
    dataset, _ = problem_of(now)
    for sentence in refused(_original(dataset), now.edits)[:5]:
        st.warning(sentence)
    if dataset.edited:
        st.html(text.sentence(now, dataset))
    if not now.editing:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{store.slug}-edits"):
        _numbers(store, dataset)
        if len(input_columns(dataset)) == 2 and dataset.task == "classification":
            options = [NEAREST, *(f"{label:g}" for label in classes(dataset))]
            st.segmented_control(
                "Class of new examples", options, default=NEAREST, key=_key(store, "class")
            )
    with st.container(horizontal=True, key=f"{store.slug}-edit-buttons"):
        _buttons(store, dataset)
    if len(now.edits) >= MOST:
        st.caption(f"A link holds at most {MOST} edits.")


def _numbers(store: Store[Any], dataset: Dataset) -> None:
    """Number inputs: the index of an example and its current place."""
    N, state = len(_original(dataset).y), st.session_state
    key = _key(store, "number")
    last = N + _added(store.settings.edits) - 1
    state[key] = min(int(state.get(key, 0)), last)
    number = int(st.number_input("Example", 0, last, step=1, key=key, help=NUMBERED, width=170))
    place = _place_of_number(dataset, number)
    keys = _place_keys(store, dataset)
    shown = (number, *place)
    fresh = state.get(_key(store, "shown")) != shown
    state[_key(store, "shown")] = shown
    for (name, _), box, value in zip(_columns(dataset), keys, place, strict=True):
        if fresh or box not in state:
            state[box] = min(max(value, -FARTHEST), FARTHEST)
        st.number_input(plain(name), -FARTHEST, FARTHEST, format="%.6g", key=box, width=150)


def _place_keys(store: Store[Any], dataset: Dataset) -> list[str]:
    return [_key(store, f"place.{i}") for i in range(len(_columns(dataset)))]


def _place_of_number(dataset: Dataset, number: int) -> list[float]:
    """Where example `number` is, or was before it was removed."""
    edited = dataset.edited
    row = number if edited is None else int(np.searchsorted(edited.numbers, number))
    if edited and (row == len(edited.numbers) or edited.numbers[row] != number):
        dataset, row = edited.original, number
    # An example that could not be added has no place: use that of the last one.
    row = min(row, len(dataset.y) - 1)
    return [float(values[row]) for _, values in _columns(dataset)]


def _entered(store: Store[Any], dataset: Dataset) -> tuple[int, tuple[float, ...]] | None:
    """The number and the place in the inputs.

    None if the inputs are gone because editing was switched off after the button was pressed.
    """
    state, keys = st.session_state, _place_keys(store, dataset)
    if any(state.get(key) is None for key in (*keys, _key(store, "number"))):
        return None
    place = [state[key] for key in keys]
    place[-1] = nearest_target(dataset, place[-1])
    return int(state[_key(store, "number")]), tuple(map(float, place))


def _buttons(store: Store[Any], dataset: Dataset) -> None:
    N, edits = len(_original(dataset).y), store.settings.edits

    def move() -> None:
        if entered := _entered(store, dataset):
            change(store, put(edits, N, *entered))

    def one_more() -> None:
        if entered := _entered(store, dataset):
            change(store, add(edits, entered[1]))

    def remove() -> None:
        if entered := _entered(store, dataset):
            change(store, take_away(edits, N, entered[0]))

    number = int(st.session_state[_key(store, "number")])
    gone = (REMOVED, number) in edits
    buttons: list[tuple[str, Callable[[], None], bool]] = [
        ("Restore it there" if gone else "Move it there", move, False),
        ("Add one there", one_more, len(edits) >= MOST),
        ("Remove it", remove, gone),
        ("Undo last", lambda: undo(store), not edits and not _undoable(store)),
        ("Reset data", lambda: change(store, ()), not edits),
    ]
    for label, act, off in buttons:
        st.button(label, on_click=act, disabled=off, key=_key(store, label.split()[0]))


def _undoable(store: Store[Any]) -> bool:
    stack = st.session_state.get(_key(store, "before"), [])
    return any(owner == _owner(store.settings) and before for owner, before in stack)
