"""The cases at the minimum, their losses, and their distances against N, as in a notebook."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from efviz import PROBLEMS
from efviz.curvature import empirical_fisher, fisher
from efviz.figures.cases import case_panels, common_half_width, distance_panels, drawn_cases
from efviz.problems import logistic_regression
from efviz.studies.at_minimum import (
    Name,
    distances_over_sizes,
    ends,
    losses_around,
    moving_case,
    standing_cases,
    standing_losses,
)
from efviz.studies.comparison import redraw
from efviz.work import finish

TABLE = PROBLEMS["wine"]


def table_of(entry=TABLE):
    dataset = entry.dataset()
    return dataset, entry.problem(dataset)


def distance(problem):
    F = fisher(problem, problem.theta_star)
    difference = empirical_fisher(problem, problem.theta_star) - F
    return np.linalg.norm(difference) / np.linalg.norm(F)


@pytest.mark.parametrize("key", [key for key, entry in PROBLEMS.items() if entry.family])
def test_the_cases_of_a_family_are_the_ends_of_its_paths(key):
    entry = PROBLEMS[key]
    first, *_ = paths = [*entry.family.paths]
    where = [(first, 0.0), *((path, 1.0) for path in paths[:2])]
    assert [*ends(entry.family).values()] == where
    found = finish(standing_cases(entry, N=80, seed=2))
    for case, (path, strength) in zip(found, where, strict=True):
        p = entry.problem(entry.dataset(path=path, strength=strength, N=80, seed=2))
        assert case.N == 80
        assert case.parameter_names == entry.parameter_names
        if p.minimum.exists:
            assert_allclose(case.comparison.distance, distance(p), rtol=1e-8)
        else:
            assert case.comparison is None


def test_draws_passed_by_the_caller_change_nothing():
    entry = PROBLEMS["fig2"]
    draws = entry.family.draws(80, 2)
    one, two = (finish(standing_cases(entry, None, 80, 2, d)) for d in (None, draws))
    for a, b in zip(one, two, strict=True):
        assert a.comparison.distance == b.comparison.distance


def test_the_targets_of_a_table_are_redrawn_from_its_fit():
    dataset, problem = table_of()
    table, redrawn = finish(standing_cases(TABLE, (dataset, problem), seed=5))
    assert (table.name.short, redrawn.name.short) == ("the table", "redrawn")
    assert_allclose(table.comparison.distance, distance(problem), rtol=1e-8)
    y = redraw(problem, np.random.default_rng(5))
    assert_allclose(redrawn.comparison.distance, distance(replace(problem, y=y)), rtol=1e-8)
    other = finish(standing_cases(TABLE, (dataset, problem), seed=6))[1]
    assert other.comparison.distance != redrawn.comparison.distance
    assert moving_case(TABLE, dataset, problem, "", 0.0) == []


def test_a_table_without_a_minimum_has_one_case_that_runs_away():
    X = np.column_stack([np.arange(-5.0, 5), np.ones(10)])
    entry = PROBLEMS["breast-cancer"]
    problem = logistic_regression(X, X[:, 0] > 0)
    dataset = replace(entry.dataset(), X=X, y=problem.y, feature_names=("x", "1"))
    cases = finish(drawn_cases(entry, (dataset, problem)))
    assert [case.name.short for case in cases] == ["the table"]
    (case,) = cases
    assert case.comparison is None
    assert case.reason
    assert case.runaway
    assert common_half_width(cases, []) == 1.0
    losses = finish(standing_losses(entry, cases, 1.0, (dataset, problem)))
    assert losses == [None]
    panels = case_panels(cases, [], 1.0, losses, [])
    assert [*panels] == [f"at-the-minimum 0 {i}" for i in range(3)]


def test_a_table_needs_its_data():
    with pytest.raises(ValueError, match="is a table: its data set and its problem are needed"):
        finish(standing_cases(TABLE))


def test_the_moving_case_is_named_by_its_strength():
    entry = PROBLEMS["fig4"]
    dataset = entry.dataset(path="quadratic", strength=-0.25, N=60)
    problem = entry.problem(dataset)
    (case,) = moving_case(
        entry, dataset, problem, "quadratic", -0.25, lambda name, *_: name.title.upper()
    )
    assert case.name == Name("s = −0.25", "missing quadratic term")
    assert case.data == "S = −0.25: MISSING QUADRATIC TERM"
    assert_allclose(case.comparison.distance, distance(problem), rtol=1e-8)


def test_losses_around_each_minimum_are_shown_one_by_one():
    entry = PROBLEMS["saturation"]
    cases = finish(standing_cases(entry, N=50))
    problems = [
        entry.problem(entry.dataset(path=path, strength=strength, N=50))
        for path, strength in ends(entry.family).values()
    ]
    known = []
    found = finish(
        losses_around(problems, cases, 0.1),
        lambda progress: known.append([loss is not None for loss in progress.so_far()]),
    )
    assert known[0] == [False] * 3
    assert [True, True, False] in known
    line = np.linspace(-0.1, 0.1, len(found[0]))
    for loss, problem in zip(found, problems, strict=True):
        x, y = np.meshgrid(line, line)
        expected = problem.loss(problem.theta_star + np.stack([x, y], axis=-1))
        assert_allclose(loss, expected, atol=2e-4 * np.ptp(expected))


def test_distances_over_sizes_end_in_the_cases_themselves():
    entry = PROBLEMS["fig4"]
    found = finish(distances_over_sizes(entry, seeds=2, largest=40))
    assert (found.sizes[0], found.sizes[-1]) == (10, 40)
    cases = finish(standing_cases(entry, N=40, seed=1))
    expected = [case.comparison.distance for case in cases]
    assert_allclose(found.distances[:, 1, -1], expected, rtol=1e-8)


def test_distances_of_a_table_end_in_all_of_its_rows():
    table = table_of()
    found = finish(distances_over_sizes(TABLE, table, seeds=2, largest=10))
    assert found.sizes[-1] == table[1].N
    whole, redrawn = found.distances[:, :, -1]
    assert_allclose(whole, distance(table[1]), rtol=1e-8)
    assert redrawn.max() < 0.5 * whole.min()


@pytest.mark.parametrize(
    ("strength", "marks"),
    [(1.0, (["correct model", "B"], ["A"])), (0.5, (["correct model", "A", "B"], ["s = 0.5"]))],
)
def test_marks_of_the_chosen_settings_are_strong(strength, marks):
    entry = PROBLEMS["fig4"]
    cases = finish(standing_cases(entry, N=40))
    dataset = entry.dataset(path="noise", strength=strength, N=40)
    moved = moving_case(entry, dataset, entry.problem(dataset), "noise", strength)
    (panel,) = distance_panels(entry, cases, moved).values()
    faint, strong = (trace for trace in panel["data"] if trace["name"] == "shown")
    assert ([*faint["text"]], [*strong["text"]]) == marks
