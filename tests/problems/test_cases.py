"""Files as they come from outside: each is read, suggested and fitted as it is meant, or refused.

What is read is held against pandas, which is told how each file is written. What is fitted is held
against references without rounding, which know nothing of the library.
"""

from functools import cache
from pathlib import Path
from typing import Any

import exact
import numpy as np
import pandas as pd
import pytest
from exact import fractions
from numpy.testing import assert_allclose, assert_array_equal
from outside import CASES, REFUSED

from efviz.arrays import Array
from efviz.datasets.dataset import Dataset
from efviz.datasets.tables import Table, TableError, read_table
from efviz.optimizers import run
from efviz.problems import Problem, with_offset
from efviz.problems.catalogue import optimization_problem
from efviz.problems.own import REGRESSIONS, own_dataset, suggest, whole_dataset
from efviz.studies.comparison import compare

pytestmark = pytest.mark.numerics

FOLDER = Path(__file__).parents[1] / "cases"


def content(name: str) -> bytes:
    """A file of the folder; the averages of a series, by which 40 columns hardly differ, made."""
    if name != "22-ewma/ewma.csv":
        return (FOLDER / name).read_bytes()
    series = pd.read_csv(FOLDER / "22-ewma" / "series.csv")
    averages = {f"c{k}": series.c0.ewm(com=k).mean() for k in range(40)}
    return pd.DataFrame({**averages, "y": series.y}).to_csv(index=False).encode()


@cache
def table_of(name: str) -> Table:
    return read_table(content(name), name)


@pytest.fixture(params=list(CASES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_file_is_a_case() -> None:
    files = {str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*")}
    assert files - {"22-ewma/series.csv"} == {*CASES, *REFUSED} - {"22-ewma/ewma.csv"}


@pytest.mark.parametrize("refused", list(REFUSED))
def test_what_cannot_be_read_is_answered_with_a_sentence(refused: str) -> None:
    with pytest.raises(TableError, match=REFUSED[refused]):
        read_table(content(refused))


def test_a_file_is_read_as_one_who_knows_it_reads_it(name: str) -> None:
    case = CASES[name]
    table = table_of(name)
    if name == "22-ewma/ewma.csv":
        frame = pd.read_csv(pd.io.common.BytesIO(content(name)))
    else:
        read = pd.read_fwf if "widths" in case.options else pd.read_csv
        frame = read(FOLDER / name, **case.options)
    assert list(table.columns) == list(frame.columns)
    assert len(frame) == table.N
    assert table.notes == case.said
    for title, column in table.columns.items():
        expected = frame[title].replace({"no": 0, "No": 0, "yes": 1, "Yes": 1})
        assert bool(column.problem) == (title in case.problems)
        assert column.problem.startswith(case.problems.get(title, ""))
        if not column.problem:
            assert_array_equal(column.numbers, expected.astype(float))


def test_the_first_settings_suit_the_file(name: str) -> None:
    case, table = CASES[name], table_of(name)
    if isinstance(case.first, str):
        with pytest.raises(TableError, match=case.first):
            suggest(table)
        return
    choice = suggest(table)
    target, regression, positive, first, second = case.first
    assert (choice.target, choice.regression, choice.positive) == (target, regression, positive)
    assert (choice.first, choice.second) == (first, second)
    data, done = own_dataset(table, **vars(choice))
    assert done == case.done
    assert data.notes == (*case.said, *case.done)


def test_the_first_fit_is_that_of_the_reference(name: str) -> None:
    case, table = CASES[name], table_of(name)
    if isinstance(case.first, str):
        return
    choice = suggest(table)
    data, _ = own_dataset(table, **vars(choice))
    problem = with_offset(REGRESSIONS[choice.regression].build(data.X, data.y), data.offset)
    assert problem.minimum.reason.startswith(case.fit)
    assert bool(problem.minimum.reason) == bool(case.fit)
    if not case.fit:
        theta = fit(data.X, data.y, choice.regression)
        assert_allclose(problem.theta_star, theta, rtol=1e-8, atol=1e-10 * np.abs(theta).max())


def test_the_fit_of_all_columns_is_that_of_the_reference(name: str) -> None:
    case, table = CASES[name], table_of(name)
    if isinstance(case.first, str):
        return
    data, _ = whole_dataset(table)
    problem = optimization_problem(data, standardised=True)
    assert problem.minimum.reason.startswith(case.whole)
    # Columns that are averages of each other hardly differ: how many do is a matter of its own.
    if name == "22-ewma/ewma.csv":
        return
    assert bool(problem.minimum.reason) == bool(case.whole)
    if not case.whole:
        theta = fit(problem.X, problem.y, suggest(table).regression)
        assert_allclose(problem.theta_star, theta, rtol=1e-7, atol=1e-9 * np.abs(theta).max())


def fit(X: Array, y: Array, regression: str) -> Array:
    """argmin L in fractions or 50 digits, rounded once."""
    if regression == "linear":
        return exact.least_squares(fractions(X), fractions(y)).astype(float)
    family = {"logistic": exact.logistic, "poisson": exact.poisson}[regression]
    return exact.glm_minimum(family, fractions(X), fractions(y)).astype(float)


def visits(**settings: Any) -> tuple[Dataset, Problem]:
    table = read_table(content("29-nointercept/visits.csv"))
    data, _ = own_dataset(table, target="visits", regression="poisson", **settings)
    return data, with_offset(REGRESSIONS["poisson"].build(data.X, data.y), data.offset)


def test_counts_that_a_poisson_model_made_show_their_dispersion_with_an_intercept() -> None:
    table = read_table(content("29-nointercept/visits.csv"))
    problem = optimization_problem(whole_dataset(table)[0], standardised=True)
    free = compare(problem, problem.theta_star)
    assert (round(free.distance, 4), round(free.quality.value, 3)) == (0.2266, 1.008)
    _, held = visits(first="width", second="weight")
    found = compare(held, held.theta_star)
    assert_allclose(held.theta_star, problem.theta_star[:2], rtol=1e-9)
    assert_allclose(found.empirical_fisher, free.empirical_fisher[:2, :2], rtol=1e-9)
    assert_allclose(found.fisher, free.fisher[:2, :2], rtol=1e-9)
    assert round(found.quality.value, 3) == 1.008
    _, absent = visits(first="width", second="weight", intercept="none")
    assert compare(absent, absent.theta_star).quality.value > 5000


@pytest.mark.parametrize(
    ("name", "parameter", "value", "loss"),
    [
        ("27-countries/countries.csv", 7, -6.42109, 0.518168534),
        ("26-epoch/sec_25days.csv", 0, 2.3476e-6, 0.4985021667),
        ("12-timestamps/xy.csv", 0, 5.19572, 1965.72053378),
        ("12-timestamps/logit.csv", 0, 0.01361742, 0.3682553669),
    ],
)
def test_raw_columns_of_any_size_and_shift_determine_all_parameters(
    name: str, parameter: int, value: float, loss: float
) -> None:
    """Fits in 50 digits; shifts and units cost the loss in float64 a few of its own."""
    data, _ = whole_dataset(read_table(content(name), name))
    problem = optimization_problem(data)
    assert problem.minimum.unique
    assert_allclose(problem.theta_star[parameter], value, rtol=1e-5)
    assert_allclose(problem.minimum.loss, loss, rtol=1e-9)
    for method in ("NGD", "Newton"):
        path = run(problem, method, problem.start, step_size=1.0, n_steps=3)
        assert (path.losses >= problem.minimum.loss - problem.minimum.rounding).all()
