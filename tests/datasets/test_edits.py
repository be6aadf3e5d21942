"""Edits of single examples against arrays made by hand."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from efviz import PROBLEMS
from efviz.datasets import FAMILIES, load
from efviz.datasets.dataset import Dataset
from efviz.datasets.edits import add, classes, edited, normal, put, refused, take_away
from efviz.datasets.inputs import principal_components, two_inputs

LINE = Dataset(
    np.array([[1.0, 0.5], [1.0, 2.0], [1.0, -3.0], [1.0, 4.0]]),
    np.array([10.0, 20.0, 30.0, 40.0]),
    ("1", "x"),
    "y",
    "regression",
)
PLANE = Dataset(
    np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
    np.array([0.0, 1.0, 1.0]),
    ("x₁", "x₂"),
    "y",
    "classification",
)


def test_examples_are_moved_added_and_removed():
    data = edited(LINE, (("m", 1, 7.0, 8.0), ("a", -1.0, 5.0), ("r", 2)))
    assert_array_equal(data.X, [[1, 0.5], [1, 7], [1, 4], [1, -1]])
    assert_array_equal(data.y, [10, 8, 40, 5])
    assert_array_equal(data.edited.numbers, [0, 1, 3, 4])
    assert_array_equal(data.edited.rows, [1, 3])
    assert data.edited.removed == (2,)
    assert data.edited.original is LINE


def test_the_data_as_drawn_stay_as_they_are():
    before = LINE.X.copy(), LINE.y.copy()
    edited(LINE, (("m", 0, 9.0, 9.0), ("a", 1.0, 1.0)))
    assert_array_equal(LINE.X, before[0])
    assert_array_equal(LINE.y, before[1])
    assert edited(LINE, ()) is LINE


def test_removing_one_example_renumbers_no_other():
    edits = put(take_away((), 4, 0), 4, 3, (0.0, 1.0))
    data = edited(LINE, edits)
    assert_array_equal(data.X[:, 1], [2, -3, 0])
    assert_array_equal(data.y, [20, 30, 1])
    assert_array_equal(data.edited.numbers, [1, 2, 3])


def test_of_two_inputs_the_target_stays_unless_it_is_named():
    data = edited(PLANE, (("m", 1, -1.0, -2.0), ("m", 2, 0.0, 0.0, 0.0), ("a", 8.0, 9.0, 1.0)))
    assert_array_equal(data.X, [[1, 2], [-1, -2], [0, 0], [8, 9]])
    assert_array_equal(data.y, [0, 1, 0, 1])


def test_a_later_edit_of_the_same_example_replaces_the_earlier():
    assert normal((("m", 1, 2.0, 3.0), ("r", 0), ("r", 1))) == (("r", 0), ("r", 1))
    assert normal((("r", 1), ("r", 1))) == (("r", 1),)
    assert put(take_away((), 4, 1), 4, 1, (5, 6)) == (("m", 1, 5.0, 6.0),)
    # The target chosen before stays when the example is dragged on.
    assert put((("m", 1, 0.0, 0.0, 1.0),), 3, 1, (2, 2)) == (("m", 1, 2.0, 2.0, 1.0),)


def test_added_examples_are_moved_and_forgotten_by_their_numbers():
    edits = add(add((), (1, 2, 0)), (3, 4, 1))
    assert put(edits, 3, 3, (9, 9)) == (("a", 9.0, 9.0, 0.0), ("a", 3.0, 4.0, 1.0))
    assert put(edits, 3, 4, (9, 9, 0)) == (("a", 1.0, 2.0, 0.0), ("a", 9.0, 9.0, 0.0))
    assert take_away(edits, 3, 3) == (("a", 3.0, 4.0, 1.0),)
    with pytest.raises(IndexError):
        put(edits, 3, 5, (0, 0))


def test_targets_become_the_nearest_that_the_task_knows():
    assert edited(PLANE, (("m", 0, 0.0, 0.0, 7.0),)).y[0] == 1
    counts = FAMILIES["counts"].sample(20)
    data = edited(counts, (("m", 0, 0.0, -3.4), ("m", 1, 0.0, 2.6)))
    assert_array_equal(data.y[:2], [0, 3])
    strips = FAMILIES["three classes"].sample(50)
    assert edited(strips, (("a", 1.0, 1.4),)).y[-1] == 1
    assert_array_equal(classes(edited(PLANE, (("r", 0),))), [0, 1])


@pytest.mark.parametrize(
    ("data", "edit", "words"),
    [
        (LINE, ("m", 4, 0.0, 0.0), "no example 4 among 4 (0 to 3)"),
        (LINE, ("r", 4000), "no example 4,000 among 4"),
        (LINE, ("m", 1, 0.0, 0.0, 1.0), "Example 1 needs one input and its target, not 3 numbers"),
        (LINE, ("a", 0.0, 0.0, 1.0), "An added example needs one input and its target"),
        (PLANE, ("a", 0.0, 0.0), "An added example needs two inputs and its target, not 2"),
    ],
)
def test_what_cannot_be_done_is_left_out_and_said(data, edit, words):
    (sentence,) = refused(data, (edit,))
    assert words in sentence
    assert edited(data, (edit,)) is data
    assert not refused(edited(data, (("r", 0),)).edited.original, (("r", 0),))


def test_the_last_examples_stay():
    all_of_them = tuple(("r", n) for n in range(4))
    assert edited(LINE, all_of_them) is LINE
    assert "Not all examples" in refused(LINE, all_of_them)[0]
    data = edited(LINE, (*all_of_them, ("a", 1.0, 2.0)))
    assert_array_equal(data.X, [[1, 1]])


def test_the_other_examples_of_a_standardised_table_stay_where_they_are():
    table = load("diabetes")
    data = two_inputs(table, "bmi", "s5")
    far = edited(data, (("m", 5, 40.0, -40.0),))
    assert_array_equal(np.delete(far.X, 5, axis=0), np.delete(data.X, 5, axis=0))
    assert_array_equal(far.y, data.y)
    components = principal_components(table)
    assert_array_equal(edited(components, (("m", 5, 1.0, 2.0),)).X[5], [1, 2])


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_is_made_anew_from_edited_data(name):
    entry = PROBLEMS[name]
    data = entry.dataset(N=200, seed=1) if entry.family else entry.dataset()
    one = len([name for name in data.feature_names if name != "1"]) == 1
    changed = edited(data, (("m", 3, 1.5, 1.0), ("a", 0.5, 1.0, *([] if one else [1.0])), ("r", 7)))
    assert len(changed.y) == len(data.y)
    theta = np.array([0.3, 0.2])

    def total(X, y):
        return len(y) * entry.build(X, y).loss(theta)

    gone, new = [3, 7], [3, -1]
    rest = total(data.X, data.y) - sum(total(data.X[[n]], data.y[[n]]) for n in gone)
    expected = rest + sum(total(changed.X[[n]], changed.y[[n]]) for n in new)
    problem = entry.problem(changed)
    assert len(changed.y) * problem.loss(theta) == pytest.approx(expected, rel=1e-10)
    assert problem.loss(theta) != entry.problem(data).loss(theta)
