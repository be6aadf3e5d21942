"""Whole grids of runs: the same as one run after the other, whatever becomes of a single one."""

import numpy as np
import pytest
from conftest import small_problem
from numpy.testing import assert_allclose, assert_array_equal
from reference import depends_on_rounding, plain_run

from efviz import DATASETS, run
from efviz.arrays import Mask
from efviz.datasets import available
from efviz.numerics import columns
from efviz.optimizers import METHODS
from efviz.problems import (
    Problem,
    contrast_regression,
    linear_regression,
    logistic_regression,
    poisson_regression,
    softmax_regression,
)
from efviz.problems.catalogue import optimization_problem
from efviz.sweeps import DAMPINGS, STEP_SIZES, Sweep, grid_search
from efviz.sweeps.general import General
from efviz.sweeps.outcome import FINISHED, Outcome
from efviz.sweeps.paths import plan
from efviz.sweeps.rounding import (
    CHAOS,
    change_by_rounding,
    ends,
    ends_otherwise,
    first_cell,
    loss_rounding,
    relative_change,
)

pytestmark = pytest.mark.numerics

PAPER = [name for name, entry in DATASETS.items() if entry.paper]
PAPER_METHODS = ("GD", "NGD", "EFGD")
SETS = (*PAPER, "breast-cancer-libsvm")


def paper_problem(name: str) -> Problem:
    if name not in available():
        pytest.skip(f"{name} is not on this machine: set EFVIZ_DATA")
    return optimization_problem(name)


def search(problem: Problem, method: str, step_sizes, dampings=(0.0,), **knobs):
    return grid_search(problem, method, step_sizes, dampings, cache=False, **knobs)


def test_the_grids_are_those_of_table_5_as_they_were_used():
    assert STEP_SIZES.shape == (241,)
    assert DAMPINGS.shape == (41,)
    assert_allclose(np.diff(np.log10(STEP_SIZES)), 0.125)
    assert_allclose(np.diff(np.log10(DAMPINGS)), 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("method", PAPER_METHODS)
@pytest.mark.parametrize("name", SETS)
def test_a_grid_of_a_paper_s_set_is_one_plain_run_after_the_other(name, method):
    problem = paper_problem(name)
    rng = np.random.default_rng([SETS.index(name), PAPER_METHODS.index(method)])
    S, L = {"a1a": (6, 1), "powerplant": (6, 3)}.get(name, (12, 4))
    step_sizes = np.sort(rng.choice(STEP_SIZES, S, replace=False))
    dampings = np.sort(rng.choice(DAMPINGS, L, replace=False)) if method != "GD" else np.zeros(1)
    got = search(problem, method, step_sizes, dampings)
    excepted = 0
    for at in np.ndindex(got.final_loss.shape):
        cell = (problem.likelihood.name, method, step_sizes[at[0]], dampings[at[1]])
        status, loss = plain_run(problem.X, problem.y, *cell)
        same = got.status[at] == status and _close(got.final_loss[at], loss, 1e-9)
        if not same:
            # A positive definite matrix, which only rounding makes singular, is such a case too.
            by_rounding = status == "singular" or depends_on_rounding(
                problem.X, problem.y, *cell, by=1e-10
            )
            assert by_rounding, (cell, status, loss, got.status[at], got.final_loss[at])
            excepted += 1
    assert excepted <= 0.3 * got.final_loss.size


def _close(value: float, expected: float, tolerance: float) -> bool:
    return bool(
        value == expected
        or abs(value - expected) <= tolerance * abs(expected)
        or not (np.isfinite(value) or np.isfinite(expected))
    )


def _calm(problem: Problem, sweep: Sweep, theta_0=None) -> Mask:
    """The cells whose status and, if they finish, whose loss do not depend on rounding."""
    step_size, damping = np.meshgrid(sweep.step_sizes, sweep.dampings, indexing="ij")
    start = problem.start if theta_0 is None else theta_0
    runs = plan(problem, sweep.method, start)
    level = damping.ravel() * bool(METHODS[sweep.method].curvature)
    cells = step_size.ravel(), level, sweep.n_steps
    loss, again = ends(runs, *cells), ends_otherwise(runs, *cells)
    change = relative_change(loss, again, loss_rounding(problem, sweep.first_loss))
    never = np.isnan(loss) & np.isnan(again) & (sweep.status != "finished").ravel()
    return ((change <= CHAOS) | never).reshape(step_size.shape)


def _against_single_runs(problem: Problem, method: str, step_sizes, dampings, theta_0=None) -> None:
    got = search(problem, method, step_sizes, dampings, theta_0=theta_0, n_steps=12)
    alone = run(
        problem,
        method,
        problem.start if theta_0 is None else theta_0,
        step_size=np.array(step_sizes)[:, None],
        damping=np.array(dampings),
        n_steps=12,
    )
    calm = _calm(problem, got, theta_0)
    assert calm.mean() > 0.7
    assert_array_equal((got.status == "diverged")[calm], alone.diverged[calm])
    assert_array_equal(got.steps_taken[calm], alone.steps_done[calm])
    calm &= got.status == "finished"
    assert_allclose(got.final_loss[calm], alone.final_loss[calm], rtol=1e-9)
    assert got.first_loss == problem.loss(problem.start if theta_0 is None else theta_0)


def test_a_grid_of_any_problem_is_its_single_runs(small, method):
    theta_0 = small.start + 0.1
    _against_single_runs(small, method, [1e-9, 1e-3, 0.1, 0.7], [0.01, 1.0], theta_0)


@pytest.mark.parametrize("P", [1, 5, 20])
def test_a_grid_of_more_or_fewer_columns_than_rows_is_its_single_runs(P, method):
    for kind in ("linear-gaussian", "linear-bernoulli"):
        problem = small_problem(kind, N=12, P=P)
        _against_single_runs(problem, method, [1e-7, 0.03, 0.3, 30.0], [0.1, 10.0])


def test_sparse_columns_and_their_dense_twin_end_alike(method):
    rng = np.random.default_rng(0)
    X = np.zeros((300, 40))
    for group in range(4):
        # Four questions with ten answers each: the four sums of columns are the same.
        X[np.arange(300), 10 * group + rng.integers(0, 10, 300)] = 1
    y = (rng.random(300) < 0.4).astype(float)
    turn = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    step_sizes, dampings = [1e-8, 1e-2, 1.0, 1e3], [1e-6, 1e-1]
    plain, twin = logistic_regression(X, y), logistic_regression(X @ turn, y)
    sparse = search(plain, method, step_sizes, dampings)
    turned = search(twin, method, step_sizes, dampings)
    calm = _calm(plain, sparse) & _calm(twin, turned)
    assert calm.mean() > 0.7
    assert_array_equal(sparse.status[calm], turned.status[calm])
    calm &= sparse.status == "finished"
    assert_allclose(sparse.final_loss[calm], turned.final_loss[calm], rtol=1e-9)


def test_which_columns_are_independent_is_decided_once_for_minimum_run_and_all_grids(monkeypatch):
    asked, decide = [], columns.reduce_columns

    def watched(A, Y=None):
        asked.append(A)
        return decide(A, Y)

    monkeypatch.setattr(columns, "reduce_columns", watched)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)) @ [
        [1.0, 0.0, 0.0, 2.0],
        [0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 1.0, 1.0],
    ]
    problem = logistic_regression(X, (rng.random(60) < 0.4).astype(float))
    assert not problem.minimum.unique
    run(problem, "NGD", problem.start, step_size=0.1, damping=1e-3, n_steps=2)
    for method in METHODS:
        search(problem, method, [1e-2, 1.0], [1e-3])
    # The effect of rounding on a run is measured on another problem: the examples in reverse order.
    assert sum(np.array_equal(A, problem.X) for A in asked) == 1


@pytest.mark.parametrize("method", ["NGD", "EFGD", "Newton"])
@pytest.mark.parametrize("build", [linear_regression, logistic_regression])
def test_a_singular_matrix_stops_its_own_run_and_no_other(build, method):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3))
    X[:, 2] = 0
    problem = build(X, np.arange(30) % 2)
    step_sizes, dampings = [1e-6, 0.1, 0.5], [0.0, 0.1, 1.0]
    got = search(problem, method, step_sizes, dampings)
    assert (got.status[:, 0] == "singular").all()
    assert_array_equal(got.steps_taken[:, 0], 0)
    assert_allclose(got.final_loss[:, 0], got.first_loss, rtol=1e-12)
    alone = search(problem, method, step_sizes, dampings[1:])
    assert (alone.status == "finished").all()
    assert_allclose(got.final_loss[:, 1:], alone.final_loss, rtol=1e-12)
    for i, step_size in enumerate(step_sizes):
        kind = problem.likelihood.name
        status, loss = plain_run(X, problem.y, kind, method.replace("Newton", "NGD"), step_size, 0)
        assert got.status[i, 0] == status
        assert got.final_loss[i, 0] == pytest.approx(loss)


def test_a_matrix_that_becomes_singular_on_the_way_stops_its_run_there():
    # One example, no damping: EF = r^2, so a step is step_size / r. From r = -2, a step size of 4
    # lands on r = 0, where EF is 0.
    got = search(linear_regression([[1.0]], [2.0]), "EFGD", [4.0, 1e-3], [0.0])
    assert got.status[:, 0].tolist() == ["singular", "finished"]
    assert got.steps_taken[:, 0].tolist() == [1, 100]
    assert got.final_loss[0, 0] == 0
    assert got.best()[0] == 1e-3


EXTREME = {
    "no column at all": np.zeros((6, 2)),
    "one example": np.array([[2.0, -1.0]]),
    "more columns than rows": np.random.default_rng(3).normal(size=(4, 9)),
    "units far apart": np.random.default_rng(4).normal(size=(20, 3)) * [1e-12, 1, 1e12],
    "the same row again and again": np.tile([1.0, 2.0, 3.0], (8, 1)),
}


@pytest.mark.parametrize("inputs", list(EXTREME))
@pytest.mark.parametrize("build", [linear_regression, logistic_regression])
@pytest.mark.parametrize("method", PAPER_METHODS)
def test_extreme_inputs_end_as_plain_runs_do(inputs, build, method):
    X = EXTREME[inputs]
    problem = build(X, np.arange(len(X)) % 3 == 0)
    step_sizes, dampings = [1e-9, 0.3, 30.0], [0.1, 10.0]
    got = search(problem, method, step_sizes, dampings, n_steps=12)
    for at in np.ndindex(got.final_loss.shape):
        cell = (problem.likelihood.name, method, step_sizes[at[0]], dampings[at[1]])
        status, loss = plain_run(X, problem.y, *cell, n_steps=12)
        assert got.status[at] == status
        assert _close(got.final_loss[at], loss, 1e-9)


@pytest.mark.parametrize("build", [softmax_regression, contrast_regression, poisson_regression])
@pytest.mark.parametrize("inputs", ["no column at all", "the same row again and again"])
def test_undamped_runs_on_collinear_inputs_are_singular_at_once(build, inputs, method):
    X = EXTREME[inputs] / 10
    got = search(build(X, np.arange(len(X)) % 3), method, [1e-3, 0.1], [0.0, 0.5], n_steps=9)
    undamped = "finished" if method == "GD" else "singular"
    assert (got.status[:, 0] == undamped).all()
    assert (got.status[:, 1] == "finished").all()
    assert (got.steps_taken[:, 1] == 9).all()
    if not X.any():
        assert (got.final_loss == got.first_loss).all()


def test_softmax_is_singular_without_damping_whatever_the_rounding(method):
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(400, 3)), rng.integers(0, 3, 400)
    got = search(softmax_regression(X, y), method, [0.1, 0.7], [0.0, 1e-12], n_steps=12)
    assert (got.status[:, 0] == ("finished" if method == "GD" else "singular")).all()
    # With damping it ends where the same steps without the invisible parameters do.
    assert (got.status[:, 1] == "finished").all()
    if method in ("NGD", "Newton"):
        contrast = search(contrast_regression(X, y), method, [0.1, 0.7], [0.0], n_steps=12)
        assert_allclose(got.final_loss[:, 1], contrast.final_loss[:, 0], rtol=1e-9)


def test_pair_products_that_do_not_fit_are_formed_in_pieces(monkeypatch, method):
    problem = small_problem("linear-bernoulli", N=50)
    expected = search(problem, method, [1e-6, 0.1, 1.0], [0.1, 1.0])
    monkeypatch.setattr("efviz.sweeps.linear._PAIRS", 10)
    assert isinstance(plan(problem, "EFGD", problem.start), General)
    got = search(problem, method, [1e-6, 0.1, 1.0], [0.1, 1.0])
    assert_allclose(got.final_loss, expected.final_loss, rtol=1e-10)


def test_runs_that_leave_the_batch_leave_the_others_as_they_are():
    problem = optimization_problem("wine")
    step_sizes, dampings = np.logspace(-4, 3, 15), np.logspace(-8, 0, 5)
    whole = search(problem, "EFGD", step_sizes, dampings)
    assert {"finished", "diverged"} <= set(whole.status.ravel())
    calm = search(problem, "EFGD", step_sizes[:6], dampings)
    assert_allclose(whole.final_loss[:6], calm.final_loss, rtol=1e-11)


@pytest.mark.parametrize("method", PAPER_METHODS)
def test_a_diverged_run_stops_at_the_step_that_broke_its_limit(method):
    problem = optimization_problem("boston")
    got = search(problem, method, np.logspace(-6, 6, 25), [1e-8, 1e-2])
    over = got.status == "diverged"
    assert over.any()
    assert (got.final_loss[over] > 100 * got.first_loss).all()
    assert (got.final_loss[~over] <= 100 * got.first_loss).all()
    assert (got.steps_taken[~over] == 100).all()
    assert (got.steps_taken[over] >= 1).all()


def test_natural_gradient_descent_on_least_squares_has_a_hundred_best_cells():
    problem = optimization_problem("boston")
    got = search(problem, "NGD", STEP_SIZES, DAMPINGS)
    tied = got.tied
    assert tied.sum() > 100
    step_size, damping, loss = got.best()
    least = got.final_loss[got.status == "finished"].min()
    assert got.final_loss[tied].max() <= least * (1 + 1.1e-12)
    assert got.final_loss[(got.status == "finished") & ~tied].min() > least * (1 + 1e-12)
    printed = np.argmin(abs(np.log10(STEP_SIZES) - 0.125)), np.argmin(DAMPINGS)
    assert tied[printed]
    assert (step_size, damping) == (1, DAMPINGS[0])
    assert got.others == tied.sum() - 1
    assert loss == pytest.approx(float(problem.loss(problem.theta_star)), rel=1e-12)


def test_cells_at_an_exact_fit_tie_whatever_is_left_of_their_losses():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 3))
    got = search(linear_regression(X, X @ [1, -2, 3]), "NGD", [0.28, 0.9, 1, 1.1, 3], [0, 1e-12])
    assert got.tied[:4].all()
    assert not got.tied[4].any()
    assert len(set(got.final_loss[:4].ravel())) > 1
    assert got.best()[:2] == (1, 0)
    assert not got.chaotic


def test_the_cell_nearest_to_an_undamped_step_of_size_one_stands_for_its_ties():
    tied = np.zeros((5, 3), dtype=bool)
    step_sizes, dampings = 10.0 ** np.array([-0.25, -0.125, 0.125, 0.5, 1]), np.array([2, 0, 1.0])
    assert first_cell(tied, step_sizes, dampings) is None
    tied[3:] = True
    assert first_cell(tied, step_sizes, dampings) == (3, 1)
    tied[2, [0, 2]] = tied[1, 0] = True
    assert first_cell(tied, step_sizes, dampings) == (1, 0)
    tied[1] = False
    assert first_cell(tied, step_sizes, dampings) == (2, 2)


def test_gradient_descent_takes_no_damping():
    got = search(optimization_problem("wine"), "GD", STEP_SIZES[::8], DAMPINGS[::10])
    assert got.final_loss.shape == (31, 5)
    for column in got.final_loss.T:
        assert_array_equal(column, got.final_loss[:, 0])
    assert got.best()[1] == DAMPINGS[0]
    assert got.others == 0


def test_a_selected_run_that_depends_on_rounding_is_reported():
    cancer, wine = (optimization_problem(name) for name in ("breast-cancer", "wine"))
    published = search(cancer, "EFGD", [10**-1.25], [1e-10])
    assert published.chaotic
    assert published.change_by_rounding > CHAOS
    calm = search(wine, "EFGD", [10**-1.375], [1e-6])
    assert not calm.chaotic
    assert calm.change_by_rounding < 1e-12
    assert not search(wine, "NGD", [1.0], [1e-10]).chaotic


def test_a_selected_run_that_another_machine_may_not_select_is_reported():
    # Five examples in seven inputs: the best cell is calm, but those next to it jump about.
    problem = small_problem("linear-exponential", N=5, P=7)
    got = search(problem, "EFGD", np.logspace(-6, 3, 10), [0, 1e-14, 1e-10, 1e-6, 1e-2, 1e2])
    assert got.chaotic
    assert not search(problem, "NGD", [0.1, 1], [1e-6, 1]).contested


def test_any_cell_can_be_asked_whether_it_depends_on_rounding():
    cancer = optimization_problem("breast-cancer")
    change = change_by_rounding(cancer, "EFGD", [[1e-6], [10**-1.25], [1e6]], [1e-10, 1e2])
    assert change.shape == (3, 2)
    # A short straight way, the published cell, and one that diverges.
    assert change[0, 1] < 1e-13
    assert change[1, 0] > CHAOS
    assert change[2, 0] == np.inf
    assert change_by_rounding(cancer, "GD", 1e-8, 3.0) < 1e-13


@pytest.mark.slow
@pytest.mark.parametrize("method", ["NGD", "EFGD"])
@pytest.mark.parametrize("name", ["breast-cancer", "wine"])
def test_paths_that_are_straight_or_parabolas_end_where_single_steps_do(name, method):
    problem = optimization_problem(name)
    step_sizes, dampings = np.logspace(-14, -3, 12), [1e-8, 1e-2, 1e4]
    got = search(problem, method, step_sizes, dampings)
    for at in np.ndindex(got.final_loss.shape):
        cell = (problem.likelihood.name, method, step_sizes[at[0]], dampings[at[1]])
        _, loss = plain_run(problem.X, problem.y, *cell)
        if not depends_on_rounding(problem.X, problem.y, *cell, by=1e-12):
            assert got.final_loss[at] == pytest.approx(loss, rel=2e-11)


def test_most_small_steps_are_taken_at_once():
    """What makes a sweep fast must not fall asleep."""
    problem = optimization_problem("breast-cancer")
    chosen = plan(problem, "EFGD", problem.start)
    step_size, damping = np.meshgrid(STEP_SIZES[:120], DAMPINGS)
    outcome = Outcome(step_size.size)
    parts = list(chosen.advance(step_size.ravel(), damping.ravel(), 100, outcome))
    assert (outcome.status == FINISHED).all()
    assert len(parts) == 1


def test_logistic_losses_are_not_clipped():
    # The authors clip probabilities to 1e-8: no loss of theirs exceeds 18.4, none is below 1e-8.
    X, y = np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 1.0, 1.0])
    got = search(logistic_regression(X, y), "GD", [1e-20, 50.0])
    assert got.final_loss[1, 0] < 1e-20
    X, y = np.array([[1.0], [1.0], [-30.0]]), np.array([0.0, 1.0, 1.0])
    got = search(logistic_regression(X, y), "GD", [1e-20, 200.0])
    assert got.status[1, 0] == "diverged"
    assert got.final_loss[1, 0] > 100 * np.log(2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("SGD", [1.0], [0.0]), "unknown method 'SGD'"),
        (("GD", [1.0, -1.0], [0.0]), "step_sizes must be positive, got -1"),
        (("GD", [[1.0]], [0.0]), "step_sizes must be a list of finite numbers"),
        (("NGD", [1.0], []), "dampings must be a list of finite numbers"),
        (("NGD", [1.0], [-1e-3]), "dampings must not be negative"),
        (("NGD", [np.nan], [1.0]), "step_sizes must be a list of finite numbers"),
    ],
)
def test_arguments_that_make_no_sense_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        search(optimization_problem("wine"), *arguments)


def test_a_start_and_a_number_of_steps_that_make_no_sense_are_named():
    problem = optimization_problem("wine")
    with pytest.raises(ValueError, match=r"theta must be \(..., 14\)"):
        search(problem, "GD", [1.0], theta_0=[1.0])
    with pytest.raises(ValueError, match=r"theta_0 must be \(14,\) finite numbers"):
        search(problem, "GD", [1.0], theta_0=np.full(14, np.nan))
    with pytest.raises(ValueError, match="n_steps must be at least 0"):
        search(problem, "GD", [1.0], n_steps=-1)


def test_no_steps_end_at_the_start_and_no_finished_run_has_no_best(method):
    problem = small_problem("linear-bernoulli")
    got = search(problem, method, [1e-3, 1.0], [0.1], n_steps=0, theta_0=[1.0, 0.0, 0.0])
    assert_allclose(got.final_loss, float(problem.loss([1.0, 0.0, 0.0])), rtol=1e-14)
    assert (got.status == "finished").all()
    worst = search(optimization_problem("wine"), "GD", [1e5, 1e6])
    assert (worst.status == "diverged").all()
    assert np.isnan(worst.best()).all()
    assert not worst.tied.any()
    assert worst.others == 0
    assert not worst.chaotic
