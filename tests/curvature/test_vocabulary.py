"""The translator: complete, sourced, and of one mind with the paper's Table 1."""

import pytest

from efviz import CURVATURES
from efviz.curvature.vocabulary import VOCABULARY


def test_every_matrix_of_the_library_is_translated():
    assert set(CURVATURES) | {"mc_fisher", "joint_fisher"} == set(VOCABULARY)


def words(key: str, field: str) -> str:
    (name,) = [n for n in VOCABULARY[key].names if n.field == field]
    return name.words


@pytest.mark.parametrize(
    ("key", "statistics", "machine_learning"),
    [("joint_fisher", "Fisher", "Fisher"), ("fisher", "empirical Fisher", "Fisher")],
)
def test_table_1(key, statistics, machine_learning):
    assert words(key, "statistics") == statistics
    assert words(key, "machine learning") == machine_learning


def test_table_1_leaves_equation_7_to_machine_learning():
    assert words("empirical_fisher", "machine learning") == "empirical Fisher"
    assert not [n for n in VOCABULARY["empirical_fisher"].names if n.field == "statistics"]


@pytest.mark.parametrize("key", VOCABULARY)
def test_every_fact_has_a_source_and_every_library_is_named_once(key):
    term = VOCABULARY[key]
    for fact in (*term.names, *term.calls):
        assert fact.source.startswith(("https://", "Kunstner"))
    assert all(call.code and call.returns for call in term.calls)
    for entries in ([n.field for n in term.names], [c.library for c in term.calls]):
        assert len(entries) == len(set(entries))


def test_no_call_stands_for_two_matrices():
    calls = [(c.library, c.code) for term in VOCABULARY.values() for c in term.calls]
    assert len(calls) == len(set(calls))
