"""What is made of all columns of an own table."""

import pytest
from numpy.testing import assert_array_equal
from test_own_data import FRAME, TABLE

from efviz.datasets.tables import TableError, read_table
from efviz.problems.own import whole_dataset

pytestmark = pytest.mark.numerics


def test_the_whole_table_is_a_target_and_all_other_numbers():
    text = "row,a,name,b,y\n1,1.5,u,4,0.5\n2,2.5,v,,0.25\n3,3.5,w,6,1\n4,0.5,x,5,2\n5,9,z,7,4\n"
    table = read_table(text, "mine")
    data, notes = whole_dataset(table)
    assert (data.name, data.target_name, data.task) == ("mine", "y", "regression")
    assert data.feature_names == ("a", "b")
    assert_array_equal(data.X, [[1.5, 4], [3.5, 6], [0.5, 5], [9, 7]])
    assert_array_equal(data.y, [0.5, 1, 2, 4])
    assert notes == (
        '"row" numbers the rows and is left out.',
        '"name" holds no numbers and is left out.',
        '1 of 5 rows has no value in "b" and is left out (complete cases).',
    )
    assert data.notes == (*table.notes, *notes)
    data, _ = whole_dataset(read_table(text), target="name", positive="w", regression="logistic")
    assert data.target_name == "name = w"
    assert_array_equal(data.y, [0, 1, 0, 0])
    assert data.feature_names == ("a", "b", "y")


def test_a_whole_table_that_cannot_be_fitted_is_answered_with_a_sentence():
    table = read_table("a,y\n1,2\n3,2.5\n5,7\n")
    with pytest.raises(TableError, match="no column"):
        whole_dataset(table, target="z")
    with pytest.raises(TableError, match="a count is a whole number"):
        whole_dataset(table, regression="poisson")
    with pytest.raises(ValueError, match="no regression 'probit'"):
        whole_dataset(table, regression="probit")


def test_of_a_whole_table_some_inputs_can_be_named():
    data, notes = whole_dataset(TABLE, target="y", inputs=["b", "id", "b"])
    assert data.feature_names == ("b", "id")
    assert_array_equal(data.X, FRAME[["b", "id"]])
    assert notes == ('"id" counts the rows, 1, 2, 3, and so on.',)
    with pytest.raises(TableError, match='"y" is the target'):
        whole_dataset(TABLE, target="y", inputs=["a", "y"])
    with pytest.raises(TableError, match='no column "z"'):
        whole_dataset(TABLE, target="y", inputs=["z"])
    with pytest.raises(TableError, match='"colour" holds text'):
        whole_dataset(TABLE, target="y", inputs=["colour"])


def test_a_column_that_one_cell_keeps_out_is_named_with_that_cell():
    text = "a,b,c,y\n1,2,u,3\n2,12 kg,v,5\n4,7,w,6\n3,1,x,5\n"
    data, notes = whole_dataset(read_table(text))
    assert data.feature_names == ("a",)
    assert notes[0] == '"c" holds no numbers and is left out.'
    assert notes[1].startswith('Row 3 of "b" is "12 kg", which is not a number; write')
    assert notes[1].endswith("The column is left out.")
    assert len(notes) == 2
