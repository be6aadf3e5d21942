"""What is made of an own table: first settings, the data set, and the fit."""

import re
from contextlib import suppress
from functools import partial

import numpy as np
import pandas as pd
import pytest
from conftest import some
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
)

from efviz.datasets.dataset import BIAS, Dataset
from efviz.datasets.inputs import two_inputs
from efviz.datasets.tables import Table, TableError, read_table
from efviz.problems import Problem, with_offset
from efviz.problems.own import KNOBS, REGRESSIONS, own_dataset, own_entry, suggest
from efviz.problems.own.regressions import LIMIT

pytestmark = pytest.mark.numerics


def _frame(N: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a, b, noise = rng.normal(size=(3, N))
    return pd.DataFrame(
        {
            "id": np.arange(1, N + 1),
            "noise": noise,
            "a": 3 + 2 * a,
            "b": 100 * b,
            "same": 7.0,
            "colour": rng.choice(["red", "green", "blue"], N),
            "ill": np.where(a + b + rng.normal(size=N) > 0, "yes", "no"),
            "visits": rng.poisson(np.exp(0.3 * a + 0.4 * b)),
            "y": a - 2 * b + rng.normal(size=N),
        }
    )


def _table(frame: pd.DataFrame) -> Table:
    return read_table(frame.to_csv(index=False), "mine.csv")


FRAME = _frame()
TABLE = _table(FRAME)
WAITS = FRAME.assign(wait=np.random.default_rng(4).exponential(np.exp(0.2 * FRAME["a"])))
TARGETS = {"linear": "y", "logistic": "ill", "poisson": "visits", "exponential": "wait"}
INPUTS = [("a", "b"), (BIAS, "b"), ("b", BIAS)]
linear_data = partial(own_dataset, TABLE, regression="linear")


def _label(value: object) -> float:
    return {"yes": 1.0, "no": 0.0}.get(str(value), value)


@pytest.mark.parametrize("standardised", [True, False], ids=["standardised", "raw"])
@pytest.mark.parametrize(("first", "second"), INPUTS)
@pytest.mark.parametrize("regression", list(REGRESSIONS))
def test_the_data_set_is_what_slow_loops_make_of_the_rows(regression, first, second, standardised):
    frame = WAITS.copy().astype(object)
    frame.loc[3, "b"], frame.loc[5, TARGETS[regression]] = "", "NA"
    table = _table(frame)
    data, notes = own_dataset(
        table,
        target=TARGETS[regression],
        regression=regression,
        first=first,
        second=second,
        standardised=standardised,
    )
    kept = [row for n, row in WAITS.iterrows() if n not in (3, 5)]
    X = np.empty((len(kept), 2))
    for k, name in enumerate((first, second)):
        for n, row in enumerate(kept):
            X[n, k] = 1.0 if name == BIAS else row[name]
        if standardised and name != BIAS:
            mean = sum(X[:, k]) / len(kept)
            X[:, k] = (X[:, k] - mean) / np.sqrt(sum((X[:, k] - mean) ** 2) / len(kept))
    y = np.array([_label(row[TARGETS[regression]]) for row in kept], dtype=float)
    if regression == "linear" and BIAS not in (first, second):
        three = np.column_stack([X, np.ones(len(X))])
        y = y - np.linalg.solve(three.T @ three, three.T @ y)[2]
    assert_allclose(data.X, X, rtol=1e-12, atol=1e-12)
    assert_allclose(data.y, y, rtol=1e-12, atol=1e-12)
    assert data.feature_names == (first, second)
    assert data.task == REGRESSIONS[regression].task
    assert (data.name, data.source, data.licence) == ("mine.csv", "your table", "")
    assert data.notes == (*table.notes, *notes)
    assert f'2 of 60 rows have no value in "b" and "{TARGETS[regression]}"' in notes[0]


GLMS = {
    "linear": LinearRegression(),
    "logistic": LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000),
    "poisson": PoissonRegressor(alpha=0, tol=1e-12, max_iter=10_000),
    "exponential": GammaRegressor(alpha=0, tol=1e-12, max_iter=10_000),
}
# The output is the logarithm of the mean, except for waiting times, where it is that of the rate.
SIGNS = {"exponential": -1}


def _problem(data: Dataset, regression: str) -> Problem:
    return with_offset(REGRESSIONS[regression].build(data.X, data.y), data.offset)


@pytest.mark.parametrize("standardised", [True, False], ids=["standardised", "raw"])
@pytest.mark.parametrize("inputs", ["columns", "bias", "principal components"])
@pytest.mark.parametrize("regression", list(REGRESSIONS))
def test_the_minimum_is_the_fit_with_intercept_of_an_independent_package(
    regression, inputs, standardised
):
    table = _table(WAITS.assign(b=FRAME["b"] / 100))
    settings = {"target": TARGETS[regression], "regression": regression, "first": "a"}
    settings |= {"second": "b", "standardised": standardised}
    if inputs == "bias":
        settings["second"] = BIAS
    else:
        settings["inputs"] = inputs
    data, notes = own_dataset(table, **settings)
    X = data.X[:, :1] if inputs == "bias" else data.X
    fit, sign = GLMS[regression].fit(X, data.y), SIGNS.get(regression, 1)
    theta_star = sign * _problem(data, regression).theta_star
    if inputs == "bias":
        assert_allclose(theta_star, [*np.ravel(fit.coef_), *np.ravel(fit.intercept_)], rtol=1e-5)
        return
    assert_allclose(theta_star, np.ravel(fit.coef_), rtol=1e-5, atol=1e-6)
    held = sign * data.offset if regression != "linear" else 0.0
    assert_allclose(np.ravel(fit.intercept_), held, rtol=1e-5, atol=1e-8)
    said = any("intercept is held at its best value" in note for note in notes)
    assert said == (regression != "linear" or not standardised)


@pytest.mark.parametrize("regression", ["logistic", "poisson"])
def test_without_an_intercept_that_is_what_is_fitted_and_said(regression):
    data, notes = own_dataset(
        TABLE,
        target=TARGETS[regression],
        regression=regression,
        first="a",
        second="b",
        intercept="none",
    )
    fit = clone(GLMS[regression]).set_params(fit_intercept=False).fit(data.X, data.y)
    assert data.offset == 0
    assert_allclose(_problem(data, regression).theta_star, np.ravel(fit.coef_), rtol=1e-5)
    assert "The model has no intercept: where both inputs are 0, so is its output." in notes


def test_an_intercept_that_has_no_best_value_is_answered_with_a_sentence():
    table = read_table("a,b,c\n1,3,no\n2,1,no\n3,2,yes\n4,0,yes\n")
    with pytest.raises(TableError, match=r"one column and the intercept, or no.*There is no"):
        own_dataset(table, target="c", regression="logistic", first="a", second="b")


def test_an_intercept_of_its_own_is_that_of_the_independent_package():
    data, _ = linear_data(target="y", first="a", second=BIAS, standardised=False)
    fit = LinearRegression().fit(data.X[:, :1], data.y)
    theta_star = REGRESSIONS["linear"].build(data.X, data.y).theta_star
    assert_allclose(theta_star, [fit.coef_[0], fit.intercept_], rtol=1e-6)


@pytest.mark.parametrize("standardised", [True, False])
def test_principal_components_are_of_all_columns_that_vary(standardised):
    data, notes = linear_data(target="y", inputs="principal components", standardised=standardised)
    X = FRAME[["noise", "a", "b", "visits"]].to_numpy(float)
    X = np.column_stack([X, FRAME["ill"] == "yes"])
    X = X - X.mean(0)
    if standardised:
        X = X / X.std(0)
    scores = X @ np.linalg.svd(X, full_matrices=False)[2][:2].T
    for k in (0, 1):
        assert abs(np.corrcoef(scores[:, k], data.X[:, k])[0, 1]) == pytest.approx(1)
    assert data.feature_names == ("PC 1", "PC 2")
    assert '"id" numbers the rows and is left out.' in notes
    assert ('"same" is the same in all rows and is left out.' in notes) == standardised


@pytest.mark.parametrize(
    ("positive", "chosen"), [("", "red"), ("blue", "blue"), ("green", "green")]
)
def test_one_of_several_classes_is_held_against_the_rest(positive, chosen):
    data, notes = own_dataset(
        TABLE, target="colour", regression="logistic", positive=positive, first="a", second="b"
    )
    assert_array_equal(data.y, FRAME["colour"] == chosen)
    assert data.target_name == f"colour = {chosen}"
    assert notes[0] == f'"colour" has 3 classes: "{chosen}" counts as 1 and all others as 0.'
    assert len(notes) == 2


def test_numbers_may_be_classes():
    table = read_table("x,k\n1,2\n2,2\n3,5\n4,2\n")
    data, notes = own_dataset(
        table, target="k", regression="logistic", positive="2", first="x", second=BIAS
    )
    assert_array_equal(data.y, [1, 1, 0, 1])
    assert data.positive == "2"
    assert notes == (
        '"x" counts the rows, 1, 2, 3, and so on.',
        '"2" counts as 1 and "5" as 0 in "k".',
    )


def test_a_column_called_1_and_the_column_of_ones_are_told_apart():
    table = read_table("1,y\n2,1\n3,5\n5,4\n")
    data, _ = own_dataset(
        table, target="y", regression="linear", first="column 1", second="1", standardised=False
    )
    assert_array_equal(data.X, [[2, 1], [3, 1], [5, 1]])


@pytest.mark.parametrize("standardised", [True, False])
def test_a_constant_target_is_allowed_and_said(standardised):
    data, notes = linear_data(target="same", first="a", second=BIAS, standardised=standardised)
    assert_allclose(REGRESSIONS["linear"].build(data.X, data.y).theta_star, [0, 7], atol=1e-12)
    assert notes == ('"same" is 7 in all rows, so there is no residual.',)


def test_collinear_inputs_are_left_to_the_minimum_to_explain():
    table = read_table("a,b,y\n1,2,1\n2,4,0\n3,6,5\n4,8,2\n")
    data, _ = own_dataset(table, target="y", regression="linear", first="a", second="b")
    assert REGRESSIONS["linear"].build(data.X, data.y).minimum.reason


def test_a_separable_classification_is_left_to_the_minimum_to_explain():
    table = read_table("a,c\n1,no\n2,no\n3,yes\n4,yes\n")
    data, _ = own_dataset(table, target="c", regression="logistic", first="a", second=BIAS)
    assert REGRESSIONS["logistic"].build(data.X, data.y).minimum.reason


TOO_FEW = "a,b,y\n1,2,3\n2,,4\n3,1,\n5,4,2\n"
AB = {"first": "a", "second": "b"}
REFUSED = {
    "unknown column": (None, AB | {"target": "z"}, 'The table has no column "z"'),
    "unknown input": (None, AB | {"first": "z"}, 'The table has no column "z"'),
    "same input twice": (None, AB | {"second": "a"}, "The two inputs are the same"),
    "no input": (None, {}, "The two inputs are the same"),
    "target as input": (None, AB | {"second": "y"}, '"y" is the target'),
    "text as input": (None, AB | {"second": "colour"}, '"colour" holds text.*row 2'),
    "text as target": (None, AB | {"target": "colour"}, '"colour" holds text.*row 2'),
    "constant input": (None, AB | {"second": "same"}, '"same" is the same in all.*as they are'),
    "almost constant": ("a,b,y\n1,1,2\n2,1.00000000000001,3\n4,1,1\n", AB, '"b" is almost the'),
    "hardly varying": ("a,b,y\n1,1e-200,2\n2,2e-200,3\n4,3e-200,1\n", AB, '"b" is almost the'),
    "too few rows": (TOO_FEW, AB, "Only 2 rows have a value in all.*at least 3"),
    "one row": (TOO_FEW[:-6], AB, 'Only 1 row has.*most are missing in "b"'),
    "two rows": ("a,b,y\n1,2,3\n2,1,4\n", AB, "Only 2 rows have.*add rows"),
    "huge": ("a,b,y\n1,2,3\n2,1e80,4\n3,4,5\n", AB, 'Row 3 of "b" is 10⁸⁰, whose fourth power'),
    "huge target": ("a,b,y\n1,2,3\n2,1,-1e308\n3,4,5\n", AB, 'Row 3 of "y" is −10³⁰⁸'),
    "one class": (
        "a,b,y\n1,2,u\n2,3,u\n3,5,u\n",
        AB | {"regression": "logistic"},
        '"y" has only the class "u"',
    ),
    "one class is complete": (
        "a,b,y\n1,2,u\n2,3,u\n3,5,u\n4,,v\n",
        AB | {"regression": "logistic"},
        'complete "y" is never "v"',
    ),
    "unknown class": (
        None,
        AB | {"regression": "logistic", "target": "colour", "positive": "pink"},
        '"colour" has no class "pink"; its classes are "blue", "green" and "red"',
    ),
    "too many classes": (None, AB | {"regression": "logistic"}, '"y" has too many different'),
    "negative count": (
        "a,b,y\n1,2,3\n\n2,3,-4\n3,5,0\n",
        AB | {"regression": "poisson"},
        'Row 4 of "y" is −4, but a count is a whole number from 0 up',
    ),
    "fractional count": (
        "a,b,y\n1,2,\n2,3,4\n3,5,0.5\n",
        AB | {"regression": "poisson"},
        'Row 4 of "y" is 0.5, but',
    ),
    "no waiting time": (
        "a,b,y\n1,2,\n2,3,4\n\n3,5,0\n4,5,-1\n",
        AB | {"regression": "exponential"},
        'Row 5 of "y" is 0, but waiting times must be positive numbers; choose another target',
    ),
    "too few components": (
        "a,c,y\n1,u,1\n2,v,3\n4,u,2\n",
        {"inputs": "principal components"},
        "need two columns of numbers besides the target.*1 such column",
    ),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_is_no_data_set_is_answered_with_a_sentence(case):
    text, knobs, sentence = REFUSED[case]
    table = TABLE if text is None else read_table(text)
    with pytest.raises(TableError, match=sentence) as raised:
        own_dataset(table, **({"target": "y", "regression": "linear"} | knobs))
    assert str(raised.value).endswith(".")


def test_settings_that_no_page_offers_are_errors_of_the_program():
    with pytest.raises(ValueError, match="no regression 'cubic'; there are linear, "):
        own_dataset(TABLE, target="y", regression="cubic", first="a", second="b")
    with pytest.raises(ValueError, match=r"inputs must be 'columns' or .* got 'rows'"):
        own_dataset(TABLE, target="y", regression="linear", inputs="rows")
    with pytest.raises(ValueError, match=r"intercept must be one of .* got 'best'"):
        own_dataset(TABLE, target="y", regression="linear", inputs="columns", intercept="best")


@pytest.mark.parametrize("columns", ["abc", "bca", "cab", "cba"])
@pytest.mark.parametrize("scale", [1.0, 1e-9, 3.0, 1 / 3])
def test_of_columns_that_say_the_same_the_first_is_suggested(columns, scale):
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 50))
    frame = pd.DataFrame({"a": a, "b": b * 0.5 + a, "c": scale * a + 0.1})
    frame = frame[list(columns)].assign(y=2 * a + 0.1 * rng.normal(size=50))
    choice = suggest(_table(frame))
    assert choice.first == min("ac", key=columns.index)
    assert choice.second == "b"


def test_raw_inputs_may_be_constant():
    data, _ = linear_data(target="y", first="a", second="same", standardised=False)
    assert_array_equal(data.X[:, 1], 7)


@pytest.mark.parametrize(
    ("regression", "targets"),
    [
        ("linear", ["id", "noise", "a", "b", "same", "ill", "visits", "y"]),
        ("logistic", ["colour", "ill", "visits"]),
        ("poisson", ["id", "same", "ill", "visits"]),
        ("exponential", ["id", "same"]),
    ],
)
def test_a_regression_lists_the_columns_that_can_be_its_target(regression, targets):
    assert REGRESSIONS[regression].targets(TABLE) == targets
    for name, column in TABLE.columns.items():
        objection = REGRESSIONS[regression].objection(TABLE, column)
        assert bool(objection) == (name not in targets)
        assert not objection or re.search(f'"{name}"', objection)


SUGGESTED = {
    "called y": (FRAME, ("y", "linear", "", "b", "a")),
    "last": (FRAME.drop(columns=["y", "visits"]), ("ill", "logistic", "yes", "a", BIAS)),
    "counts": (FRAME.drop(columns="y"), ("visits", "poisson", "", "b", BIAS)),
    "several classes": (
        FRAME[["id", "a", "noise", "colour"]],
        ("colour", "logistic", "red", None, None),
    ),
    "constant last": (FRAME[["a", "b", "ill", "same"]], ("ill", "logistic", "yes", "a", BIAS)),
    "one input": (FRAME[["a", "ill"]], ("ill", "logistic", "yes", "a", BIAS)),
    "inputs that say the same": (
        FRAME[["a", "b"]].assign(c=FRAME["a"] * 2 + 1, y=FRAME["y"]),
        ("y", "linear", "", "b", "a"),
    ),
    "numbered classes": (
        FRAME[["a", "b"]].assign(Class=np.arange(60) % 3),
        ("Class", "logistic", "2", None, None),
    ),
    "few whole numbers": (
        FRAME[["a", "b"]].assign(stars=np.arange(60) % 5),
        ("stars", "linear", "", None, None),
    ),
    "labels that are too many": (
        FRAME[["a", "b"]].assign(comment=[f"c{i}" for i in range(60)]),
        ("b", "linear", "", "a", BIAS),
    ),
}


@pytest.mark.parametrize("case", list(SUGGESTED))
def test_the_first_settings_are_sensible_and_work(case):
    frame, expected = SUGGESTED[case]
    table = _table(frame)
    choice = suggest(table)
    found = (choice.target, choice.regression, choice.positive, choice.first, choice.second)
    assert [f for f, e in zip(found, expected, strict=True) if e is not None] == [
        e for e in expected if e is not None
    ]
    data, _ = own_dataset(table, **vars(choice))
    assert np.isfinite(data.X).all()
    assert np.isfinite(data.y).all()


@pytest.mark.parametrize(
    "text", ["a,b\nx,y\nz,w\n", "a,b\n1,1\n1,1\n1,1\n", "a,b\n,\n1,\n", "a,b\n1e200,1\n2,1\n3,1\n"]
)
def test_a_table_without_a_regression_is_answered_with_a_sentence(text):
    with pytest.raises(TableError, match="A regression needs a target and an input"):
        suggest(read_table(text))


@pytest.mark.parametrize("regression", list(REGRESSIONS))
def test_the_largest_numbers_accepted_overflow_nowhere(regression):
    rng = np.random.default_rng(1)
    size = LIMIT * rng.uniform(0.1, 1, (200, 2))
    y = size[:, 0].round() if regression != "logistic" else rng.integers(0, 2, 200)
    table = _table(pd.DataFrame({"a": size[:, 0] * 0.9, "b": size[:, 1], "y": y}))
    for standardised in (True, False):
        data, _ = own_dataset(
            table,
            target="y",
            regression=regression,
            first="a",
            second="b",
            standardised=standardised,
        )
        assert np.isfinite((data.X**4).sum(0)).all()
        assert np.isfinite((data.y**4).sum())


VALUES = ["0", "1", "2", "3.5", "-7", "1e69", "1e-300", "1e308", "", "a", "b", "yes", "no"]


@settings(max_examples=some(50, 120))
@given(st.data())
def test_any_table_makes_a_finite_data_set_or_a_sentence(data):
    kinds = data.draw(st.lists(st.sampled_from([VALUES[:5], VALUES[:3], VALUES]), min_size=2))
    rows = data.draw(st.lists(st.tuples(*map(st.sampled_from, kinds)), min_size=1, max_size=8))
    names = [f"x{i}" for i in range(len(kinds))]
    table = read_table("\n".join(",".join(row) for row in [names, *rows, ["5"] * len(names)]))
    choices = [
        {
            "target": data.draw(st.sampled_from(names)),
            "regression": data.draw(st.sampled_from(list(REGRESSIONS))),
            "first": data.draw(st.sampled_from([BIAS, *names])),
            "second": data.draw(st.sampled_from([BIAS, *names])),
            "inputs": data.draw(st.sampled_from(["columns", "principal components"])),
            "standardised": data.draw(st.booleans()),
        }
    ]
    with suppress(TableError):
        choices.append(vars(suggest(table)))
    for knobs in choices:
        with suppress(TableError):
            made, _ = own_dataset(table, **knobs)
            assert made.X.shape == (len(made.y), 2)
            assert len(made.y) >= 3
            assert np.isfinite(made.X).all()
            assert np.isfinite(made.y).all()
            if made.task == "classification":
                assert set(made.y) == {0, 1}
            REGRESSIONS[knobs["regression"]].build(made.X, made.y)


def test_two_inputs_may_hold_the_column_of_ones():
    data = Dataset(np.array([[1.0], [2], [6]]), np.array([1.0, 2, 4]), ("x",), "y", "regression")
    ones = two_inputs(data, BIAS, "x")
    assert ones.feature_names == ("1", "x")
    assert_array_equal(ones.X[:, 0], 1)
    assert_allclose(ones.X[:, 1].mean(), 0, atol=1e-15)
    assert_array_equal(ones.y, data.y)
    assert_array_equal(two_inputs(data, "x", BIAS, standardised=False).X, [[1, 1], [2, 1], [6, 1]])


@pytest.mark.parametrize("regression", REGRESSIONS)
@pytest.mark.parametrize("scaling", ["standardised", "raw"])
def test_the_entry_of_a_table_makes_the_data_set_and_the_problem(regression, scaling):
    entry = own_entry(
        _table(WAITS), target=TARGETS[regression], regression=regression, first="a", second=BIAS
    )
    assert entry.knobs == KNOBS
    assert entry.parameter_names == ("w", "b")
    assert {*entry.columns()} == {*WAITS.columns, BIAS} - {"colour"} - {TARGETS[regression]}
    data = entry.dataset(scaling=scaling)
    a = (
        FRAME["a"]
        if scaling == "raw"
        else (FRAME["a"] - FRAME["a"].mean()) / FRAME["a"].std(ddof=0)
    )
    assert_allclose(data.X, np.column_stack([a, np.ones(len(a))]), rtol=1e-12)
    problem = entry.problem(data)
    assert problem.parameter_names == ("w", "b")
    assert_allclose(problem.gradient(problem.theta_star), 0, atol=1e-8)


def test_the_entry_of_a_table_holds_the_intercept_where_no_input_is_one():
    entry = own_entry(TABLE, target="ill", regression="logistic", first="a", second="b")
    data = entry.dataset(positive="yes")
    assert entry.parameter_names == ("θ₁", "θ₂")
    three = REGRESSIONS["logistic"].build(np.column_stack([data.X, np.ones(len(data.y))]), data.y)
    assert_allclose(data.offset, three.theta_star[2])
    assert_allclose(entry.problem(data).theta_star, three.theta_star[:2], atol=1e-6)
    assert entry.dataset(positive="yes", intercept="none").offset == 0
    with pytest.raises(ValueError, match="no regression 'probit'"):
        own_entry(TABLE, target="ill", regression="probit")
