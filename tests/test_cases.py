"""Files as they come from outside: each is read, suggested and fitted as it is meant, or refused.

What is read is held against pandas, which is told how each file is written. What is fitted is held
against Newton's method in extended precision, written down without the library.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from efviz.catalogue import optimization_problem
from efviz.comparison import compare
from efviz.data import BIAS, Array, Dataset
from efviz.problems import Problem, with_offset
from efviz.tables import (
    REGRESSIONS,
    TableError,
    own_dataset,
    read_table,
    suggest,
    whole_dataset,
)

FOLDER = Path(__file__).parent / "cases"
NO_FIT = "There is no finite minimum"


@dataclass(frozen=True)
class Case:
    """How pandas reads the file (`options`), and what is to be said and suggested.

    `said` are all notes on the file, `problems` why columns are no numbers, by their beginnings,
    `first` the suggested settings or the sentence in their place, `done` the notes on the data set.
    `fit` begins the sentence where the first settings have no minimum, `whole` where all columns
    have none or no single one.
    """

    options: dict[str, Any]
    first: tuple[str, str, str, str, str] | str
    said: tuple[str, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    fit: str = ""
    whole: str = ""


def numbered(n: int, **options: Any) -> dict[str, Any]:
    return {"header": None, "names": [f"column {k}" for k in range(1, n + 1)], **options}


def no_header(n: int) -> str:
    return (
        'The first row holds values, so there is no header; the columns are called "column 1" to '
        f'"column {n}".'
    )


def decimal(*names: str) -> str:
    quoted = [f'"{name}"' for name in names]
    words = quoted[0] if len(names) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
    return f"The comma is read as the decimal sign in {words}."


SPACES = "The columns are separated by spaces or tabs."
SEMICOLONS = "The columns are separated by semicolons."
BARS = "The columns are separated by vertical bars."
UTF_16 = "The file is not in UTF-8; it was read as UTF-16."
NOTHING = "A regression needs a target and an input that are not the same everywhere"
TEXT = "holds text, not numbers"
AUTO = Case(
    numbered(9, sep=r"\s+", na_values="?"),
    ("column 8", "linear", "", "column 2", "column 3"),
    (SPACES, no_header(9)),
    {"column 9": f'"column 9" {TEXT} (row 1 is "alpha one").'},
    whole="The data determine only 6 of the 8 parameters",
)
INDEXED = ("price", "linear", "", "x", "z")
UNNAMED = {"names": ["column 1", "x", "z", "price"], "header": 0}
LABELS = ("type", "logistic", "1", "u", BIAS)
TEMPERATURE = ("temperature", "linear", "", "timestamp", BIAS)
MISSING = (
    '"wind" and "ozone" hold -999, which often stands for a missing value: if so, leave these '
    "cells empty."
)
TITANIC = {name: f'"{name}" {TEXT}' for name in ("Name", "Sex", "Cabin", "Embarked")}

CASES = {
    "01-auto-mpg/auto-mpg.data": AUTO,
    "01-auto-mpg/auto-mpg.txt": AUTO,
    "02-adult/adult.txt": Case(
        numbered(8, skipinitialspace=True),
        ("column 8", "logistic", ">50K", "column 1", BIAS),
        (no_header(8),),
        {f"column {k}": f'"column {k}" {TEXT} (row 1 is' for k in (2, 5, 6, 8)},
        whole=NO_FIT,
    ),
    "03-utf16/sep_line.csv": Case(
        {"encoding": "utf-16", "sep": ";", "decimal": ",", "skiprows": 1},
        ("y", "linear", "", "größe", "x"),
        (
            UTF_16,
            "The delimiter is the one that the first line of the file names.",
            decimal("größe"),
        ),
    ),
    "03-utf16/unicode_text.txt": Case(
        {"encoding": "utf-16", "sep": "\t", "decimal": ","},
        ("y", "linear", "", "größe", "x"),
        (UTF_16, "The columns are separated by tabs.", decimal("größe")),
    ),
    "04-brackets/list.csv": Case(
        {"sep": ";"},
        ("cost", "linear", "", "has_b", "a"),
        (SEMICOLONS, 'True counts as 1 and false as 0 in "has_a" and "has_b".'),
        {"b": 'The column "b" has no values.'}
        | {name: f'"{name}" {TEXT}' for name in ("group", "sub", "merge")},
        whole="The data determine only",
    ),
    "05-times/times.csv": Case(
        numbered(5),
        ("column 5", "linear", "", "column 4", BIAS),
        (no_header(5),),
        {f"column {k}": f'"column {k}" {TEXT} (row 1 is' for k in (1, 2, 3)},
    ),
    "06-european/commahead.csv": Case(
        {"sep": ";", "decimal": ","},
        ("Gewicht, kg", "linear", "", "Höhe, m", BIAS),
        (SEMICOLONS, decimal("Höhe, m", "Gewicht, kg")),
    ),
    "06-european/commahead3.csv": Case(
        {"sep": ";", "decimal": ","},
        ("y, 1", "linear", "", "Gewicht, kg", "Höhe, m"),
        (SEMICOLONS, decimal("Höhe, m", "Gewicht, kg", "y, 1")),
    ),
    "06-european/kurse.csv": Case(
        {"sep": ";", "decimal": ",", "thousands": ".", "encoding": "utf-8-sig"},
        ("Rendite", "linear", "", "Kurs", "Umsatz"),
        (
            SEMICOLONS,
            decimal("Kurs", "Rendite"),
            'Digits are grouped in "Kurs": 5.840,72 is 5840.72.',
            'Digits are grouped in "Umsatz": 1.203 is 1203.',
        ),
        {"Datum": f'"Datum" {TEXT} (row 2 is "01.03.2024").'},
    ),
    "06-european/mixed.csv": Case(
        {"sep": ";"},
        NOTHING,
        (SEMICOLONS,),
        {
            "name": f'"name" {TEXT}',
            "share": 'Row 2 of "share" is "1,5", but other cells of the column are written '
            "differently",
        },
    ),
    "06-european/noheader.csv": Case(
        numbered(3, sep=";", decimal=","),
        ("column 3", "linear", "", "column 1", "column 2"),
        (SEMICOLONS, no_header(3), decimal("column 1", "column 2")),
    ),
    "07-trailing/raw.csv": Case(
        numbered(6, usecols=range(6), skipinitialspace=True, dtype={5: str}),
        ("column 5", "linear", "", "column 2", "column 3"),
        (no_header(7),),
        {"column 6": f'"column 6" {TEXT} (row 1 is "0x42ef0").'},
        whole="The data determine only",
    ),
    "08-index/filtered.csv": Case(UNNAMED, INDEXED),
    "08-index/plain.csv": Case(UNNAMED, INDEXED),
    "08-index/r.csv": Case(UNNAMED, INDEXED),
    "08-index/shuffled.csv": Case(UNNAMED, INDEXED),
    "09-markdown/cars.txt": Case(
        {
            "sep": r"\s*\|\s*",
            "engine": "python",
            "skiprows": [1],
            "usecols": [1, 2, 3],
        },
        ("stopped", "logistic", "yes", "dist", BIAS),
        (
            "The lines of dashes that rule the table are left out.",
            BARS,
            'Yes counts as 1 and no as 0 in "stopped".',
        ),
    ),
    "10-orings/fail.csv": Case({}, ("fail", "logistic", "1", "temp", BIAS)),
    "10-orings/space.txt": Case(
        {"sep": " ", "skiprows": 4},
        ("y", "linear", "", "Temp", BIAS),
        ("4 comment lines at the top left out.", SPACES),
    ),
    "11-separation/dummy.csv": Case(
        {}, ("y", "logistic", "1", "x", BIAS), fit=NO_FIT, whole=NO_FIT
    ),
    "11-separation/quasi.csv": Case(
        {}, ("Y", "logistic", "1", "X1", BIAS), fit=NO_FIT, whole=NO_FIT
    ),
    "11-separation/ten.csv": Case(
        {},
        ("y", "logistic", "1", "x", BIAS),
        done=('"x" counts the rows, 1, 2, 3, and so on.',),
        fit=NO_FIT,
        whole=NO_FIT,
    ),
    "11-separation/toy.csv": Case({}, ("y", "logistic", "1", "x", BIAS), fit=NO_FIT, whole=NO_FIT),
    "11-separation/ucla.csv": Case(
        {}, ("Y", "logistic", "1", "X1", BIAS), fit=NO_FIT, whole=NO_FIT
    ),
    "12-timestamps/count.csv": Case({}, ("count", "poisson", "", "t", BIAS)),
    "12-timestamps/logit.csv": Case({}, ("y", "logistic", "1", "t", BIAS)),
    "12-timestamps/xy.csv": Case({}, ("y", "linear", "", "x", BIAS)),
    "13-scale/gdp.csv": Case({}, ("y", "linear", "", "gdp", "rate")),
    "13-scale/tiny.csv": Case({}, ("y", "linear", "", "x", BIAS)),
    "14-poisson/bug.csv": Case({}, ("num", "linear", "", "pp", BIAS)),
    "14-poisson/bug_count.csv": Case({}, ("count", "poisson", "", "pp", BIAS)),
    "15-labels/TF.csv": Case(
        {},
        ("type", "logistic", "T", "u", BIAS),
        problems={"type": f'"type" {TEXT} (row 2 is "F").'},
    ),
    "15-labels/case.csv": Case(
        {}, ("type", "logistic", "yes", "u", BIAS), ('Yes counts as 1 and no as 0 in "type".',)
    ),
    "15-labels/float.csv": Case({}, LABELS),
    "15-labels/mixedcase.csv": Case(
        {},
        ("sex", "logistic", "Male", "u", BIAS),
        ('"Male" and "male" are one class of "sex".',),
        {"sex": f'"sex" {TEXT}'},
    ),
    "15-labels/one_two.csv": Case({}, ("type", "logistic", "2", "u", BIAS)),
    "15-labels/pm.csv": Case({}, LABELS),
    "15-labels/words.csv": Case(
        {},
        ("type", "logistic", "trüb", "u", BIAS),
        problems={"type": f'"type" {TEXT} (row 2 is "trüb").'},
    ),
    "16-dummies/ab.csv": Case(
        {}, ("price", "linear", "", "b", "a"), whole="The data determine only"
    ),
    "16-dummies/linear.csv": Case(
        {}, ("delay", "linear", "", "weekend", "su"), whole="The data determine only"
    ),
    "16-dummies/logit.csv": Case(
        {}, ("late", "logistic", "1", "su", BIAS), whole="The data determine only"
    ),
    "18-cells/999.csv": Case(
        {},
        ("ozone", "linear", "", "temp", "wind"),
        (MISSING,),
    ),
    "18-cells/currency.csv": Case(
        {},
        NOTHING,
        problems={name: f'"{name}" {TEXT}' for name in ("item", "price", "discount")},
    ),
    "18-cells/excel.csv": Case(
        {},
        ("y", "linear", "", "a", "b"),
        problems={"ratio": 'Row 3 of "ratio" is "#DIV/0!", which is not a number; correct it'},
        done=('"a" counts the rows, 1, 2, 3, and so on.',),
    ),
    "18-cells/footer.csv": Case(
        {"skipfooter": 1, "engine": "python"},
        ("pop", "linear", "", "year", "gdp"),
        ('Row 6 ("Source: somebody") stands below the table and is left out.',),
    ),
    "18-cells/newline.csv": Case(
        {"names": ["Temp (°C)", "Yield (%)", "note"], "header": 0},
        NOTHING,
        problems={
            "Yield (%)": 'Row 5 of "Yield (%)" is "x", which is not a number',
            "note": f'"note" {TEXT}',
        },
    ),
    "18-cells/printf.csv": Case(
        {"na_values": ["-nan", "1.#QNAN"]},
        ("y", "linear", "", "a", "b"),
        done=(
            '"a" counts the rows, 1, 2, 3, and so on.',
            '2 of 6 rows have no value in "b" and are left out (complete cases).',
        ),
    ),
    "18-cells/thousands.csv": Case(
        {"thousands": ","},
        ("income", "linear", "", "population", "area"),
        ('Digits are grouped in "population": 1,234,567 is 1234567.',),
        {"city": f'"city" {TEXT}'},
    ),
    "18-cells/thousands_ambiguous.csv": Case(
        {},
        NOTHING,
        problems={
            "city": f'"city" {TEXT}',
            "population": 'Row 2 of "population" is "234,567", which may be 234567 or 234.567',
        },
    ),
    "18-cells/title.csv": Case(
        {"skiprows": 2},
        ("pop", "linear", "", "year", "gdp"),
        ('Row 1 ("Annual report of the office") stands above the table and is left out.',),
    ),
    "18-cells/units.csv": Case(
        {"skiprows": [1]},
        ("length", "linear", "", "time", "force"),
        ('Row 2 ("s", "N" and "mm") seems to hold units and is left out.',),
        done=('"time" counts the rows, 0, 1, 2, and so on.',),
    ),
    "19-titanic/t.csv": Case(
        {},
        ("Embarked", "logistic", "S", "Pclass", BIAS),
        problems=TITANIC,
        done=(
            '1 of 36 rows has no value in "Embarked" and is left out (complete cases).',
            '"Embarked" has 3 classes: "S" counts as 1 and all others as 0.',
        ),
        fit=NO_FIT,
        whole=NO_FIT,
    ),
    "22-ewma/ewma.csv": Case({}, ("y", "linear", "", "c0", "c1")),
    "23-print/mtcars.csv": Case(
        {"names": ["column 1", "mpg", "cyl", "am", "wt"], "header": 0},
        ("wt", "linear", "", "mpg", "cyl"),
        problems={"column 1": f'"column 1" {TEXT}'},
    ),
    "23-print/mtcars.txt": Case(
        {"widths": [16, 6, 4, 6, 4, 5, 6], "header": None, "skiprows": 1}
        | {"names": ["row names", "mpg", "cyl", "disp", "hp", "drat", "wt"]},
        ("wt", "linear", "", "drat", "mpg"),
        (
            "The header has a name less than there are columns: the first holds row names.",
            SPACES,
        ),
        {"row names": f'"row names" {TEXT}'},
        whole="The data determine only",
    ),
    "24-seeds/seeds.txt": Case(
        numbered(5, sep=r"\s+"),
        ("column 5", "linear", "", "column 4", "column 1"),
        (SPACES, no_header(5)),
        whole="The data determine only 4 of the 5 parameters",
    ),
    "26-epoch/ms_1year.csv": Case({}, TEMPERATURE),
    "26-epoch/ms_5years.csv": Case({}, TEMPERATURE),
    "26-epoch/sec_1year.csv": Case({}, TEMPERATURE),
    "26-epoch/sec_25days.csv": Case({}, TEMPERATURE),
    "27-countries/countries.csv": Case(
        {}, ("life_expectancy", "linear", "", "urban_share", "literacy")
    ),
    "29-nointercept/crabs.csv": Case({}, ("count", "poisson", "", "width", BIAS)),
    "29-nointercept/rare.csv": Case({}, ("y", "logistic", "1", "width", BIAS)),
    "29-nointercept/visits.csv": Case({}, ("visits", "poisson", "", "width", BIAS)),
    "33-counter/dose.csv": Case(
        {},
        ("response", "linear", "", "dose", BIAS),
        done=('"dose" counts the rows, 0, 1, 2, and so on.',),
    ),
    "33-counter/weeks3.csv": Case(
        {},
        ("count", "poisson", "", "week", BIAS),
        done=('"week" counts the rows, 1, 2, 3, and so on.',),
    ),
    "35-pipes/pipe.csv": Case(
        {"sep": "|"},
        ("sales", "linear", "", "staff", BIAS),
        (BARS,),
        {name: f'"{name}" {TEXT}' for name in ("Company", "Street")},
    ),
    "35-pipes/price.txt": Case(
        {"sep": r"\s*\|\s*", "engine": "python"},
        ("price", "linear", "", "qty", BIAS),
        (BARS,),
        {"item": f'"item" {TEXT}'},
    ),
}
REFUSED = {"03-utf16/nobom.csv": "The file contains zero bytes"}


def content(name: str) -> bytes:
    """A file of the folder; the averages of a series, by which 40 columns hardly differ, made."""
    if name != "22-ewma/ewma.csv":
        return (FOLDER / name).read_bytes()
    series = pd.read_csv(FOLDER / "22-ewma" / "series.csv")
    averages = {f"c{k}": series.c0.ewm(com=k).mean() for k in range(40)}
    return pd.DataFrame({**averages, "y": series.y}).to_csv(index=False).encode()


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
    table = read_table(content(name), name)
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
    case, table = CASES[name], read_table(content(name), name)
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


def test_the_first_fit_is_that_of_extended_precision(name: str) -> None:
    case, table = CASES[name], read_table(content(name), name)
    if isinstance(case.first, str):
        return
    choice = suggest(table)
    data, _ = own_dataset(table, **vars(choice))
    problem = with_offset(REGRESSIONS[choice.regression].build(data.X, data.y), data.offset)
    assert problem.minimum.reason.startswith(case.fit)
    assert bool(problem.minimum.reason) == bool(case.fit)
    if not case.fit:
        theta = newton(data.X, data.y, choice.regression)
        assert_allclose(problem.theta_star, theta, rtol=1e-8, atol=1e-10 * np.abs(theta).max())


def test_the_fit_of_all_columns_is_that_of_extended_precision(name: str) -> None:
    case, table = CASES[name], read_table(content(name), name)
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
        theta = newton(problem.X, problem.y, suggest(table).regression)
        assert_allclose(problem.theta_star, theta, rtol=1e-7, atol=1e-9 * np.abs(theta).max())


def newton(X: Array, y: Array, regression: str) -> Array:
    """argmin L by Newton's method with halved steps, in extended precision."""
    X, y = X.astype(np.longdouble), y.astype(np.longdouble)
    theta = np.zeros(X.shape[1], dtype=np.longdouble)

    def loss(theta: Array) -> Any:
        f = X @ theta
        if regression == "linear":
            return ((f - y) ** 2).sum() / 2
        if regression == "poisson":
            return (np.exp(f) - y * f).sum()
        return (np.logaddexp(0, f) - y * f).sum()

    for _ in range(200):
        f = X @ theta
        mean, weight = {
            "linear": lambda f: (f, np.ones_like(f)),
            "poisson": lambda f: (np.exp(f), np.exp(f)),
            "logistic": lambda f: (1 / (1 + np.exp(-f)), np.exp(-f) / (1 + np.exp(-f)) ** 2),
        }[regression](f)
        step = solve((X.T * weight) @ X, X.T @ (mean - y))
        size = np.longdouble(1)
        while loss(theta - size * step) > loss(theta) and size > 1e-6:
            size = size / 2
        theta = theta - size * step
    return theta.astype(float)


def solve(A: Array, b: Array) -> Array:
    """Gaussian elimination with pivoting: LAPACK knows no extended precision."""
    A, b = A.copy(), b.copy()
    D = len(b)
    for k in range(D):
        p = k + int(np.argmax(np.abs(A[k:, k])))
        A[[k, p]], b[[k, p]] = A[[p, k]], b[[p, k]]
        for i in range(k + 1, D):
            ratio = A[i, k] / A[k, k]
            A[i] = A[i] - ratio * A[k]
            b[i] = b[i] - ratio * b[k]
    x = np.zeros(D, dtype=A.dtype)
    for k in reversed(range(D)):
        x[k] = (b[k] - A[k, k + 1 :] @ x[k + 1 :]) / A[k, k]
    return x


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
