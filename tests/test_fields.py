"""Two-dimensional pictures as numbers: fields, planes, cosines, ellipses."""

import numpy as np
import pytest
from conftest import listed_problem, some_thetas
from numpy.testing import assert_allclose, assert_array_equal
from reference import Slow, relative_error

from efviz import METHODS, PROBLEMS
from efviz.arrays import cosine
from efviz.curvature import fisher
from efviz.curvature.conics import conic, ellipse
from efviz.fields import Plane, loss_grid, plane_around, vector_field
from efviz.problems import linear_regression, logistic_regression
from efviz.studies.field_comparison import compare_fields
from efviz.work import finish

PLANE = Plane((-1.0, 2.0), (0.5, 1.5))


def test_a_field_points_against_the_direction_of_the_slow_loops(listed, method):
    slow = Slow(listed)
    thetas = some_thetas(listed, 2, 2)
    field = vector_field(listed, method, thetas, damping=0.01)
    for at in np.ndindex(2, 2):
        assert relative_error(field[at], -slow.direction(method, thetas[at], 0.01)) < 1e-10


def test_a_field_of_gradient_descent_is_the_negative_slope_of_the_loss_grid():
    problem = listed_problem("fig2")
    plane = Plane((-1, 1), (-1, 1))
    x, y = plane.axes(201)
    loss = loss_grid(problem, plane, 201)
    down, right = np.gradient(loss, y, x)
    field = vector_field(problem, "GD", plane.grid(201))[1:-1, 1:-1]
    assert_allclose(field[..., 0], -right[1:-1, 1:-1], atol=1e-4)
    assert_allclose(field[..., 1], -down[1:-1, 1:-1], atol=1e-4)


def test_a_grid_has_x_along_its_columns_and_y_along_its_rows():
    grid = PLANE.grid(4)
    assert grid.shape == (4, 4, 2)
    assert_allclose(grid[0], [[-1, 0.5], [0, 0.5], [1, 0.5], [2, 0.5]], atol=1e-15)
    assert_allclose(grid[:, 3, 1], [0.5, 5 / 6, 7 / 6, 1.5])


def test_places_are_in_half_widths_from_the_centre():
    assert_allclose(PLANE.center, [0.5, 1.0])
    assert_allclose(PLANE.place([[0, 0], [1, -1], [-1, 0.5]]), [[0.5, 1], [2, 0.5], [-1, 1.25]])


@pytest.mark.parametrize("limits", [(1, 1), (2, 1), (0, np.inf), (np.nan, 1)])
def test_limits_that_are_not_an_interval_are_named(limits):
    with pytest.raises(ValueError, match=f"got {limits[0]} to {limits[1]}"):
        Plane((0, 1), limits)


def test_a_loss_grid_is_the_loss_at_each_of_its_points():
    problem = listed_problem("fig1")
    grid, slow = loss_grid(problem, PLANE, 3), Slow(problem)
    for row, y in enumerate((0.5, 1.0, 1.5)):
        for column, x in enumerate((-1, 0.5, 2)):
            assert_allclose(grid[row, column], slow.loss(np.array([x, y])), rtol=1e-11)


def test_cosines_of_known_angles():
    a = np.array([1.0, 0.0])
    assert_allclose(cosine(a, np.array([1.0, 1.0])), 0.5**0.5, rtol=1e-15)
    assert_allclose(cosine(a, np.array([[-3.0, 0.0], [0.0, 1e-9]])), [-1, 0], atol=1e-15)
    huge, tiny = np.array([1e300, 1e300]), np.array([1e-300, 0.0])
    assert_allclose(cosine(huge, tiny), 0.5**0.5, rtol=1e-15)


@pytest.mark.parametrize("bad", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_a_vector_without_a_direction_has_no_cosine(bad):
    assert np.isnan(cosine(np.array(bad), np.ones(2)))
    assert np.isnan(cosine(np.ones(2), np.array(bad)))


def test_every_point_of_an_ellipse_is_on_its_level_and_it_is_closed():
    matrix, center = np.array([[3.0, 1.0], [1.0, 0.5]]), np.array([10.0, -2.0])
    points = ellipse(matrix, center, level=2.5)
    values = np.einsum("ni,ij,nj->n", points - center, matrix, points - center)
    assert_allclose(values, 2.5, rtol=1e-11)
    assert_allclose(points[0], points[-1], atol=1e-12)
    angles = np.unwrap(np.arctan2(*(points - center).T))
    assert abs(angles[-1] - angles[0]) == pytest.approx(2 * np.pi)


@pytest.mark.parametrize("matrix", [np.zeros((2, 2)), np.diag([1.0, 0.0]), np.diag([1.0, -2.0])])
def test_a_matrix_that_is_not_positive_has_no_ellipse(matrix):
    assert np.isnan(ellipse(matrix, np.zeros(2))).any(-1).all()


@pytest.mark.parametrize("key", list(PROBLEMS))
def test_the_minimum_lies_well_inside_the_plane_shown(key):
    problem = listed_problem(key)
    settings = PROBLEMS[key].settings
    plane = plane_around(problem, Plane(*settings.plane) if settings.plane else None)
    inside = np.abs(problem.theta_star - plane.center) / plane.half_widths
    assert (inside <= 0.5 + 1e-9).all()
    assert (np.abs(np.array(settings.starts)) <= 1).all()


def test_a_plane_moves_in_whole_half_widths_and_keeps_its_size():
    home = Plane((-1, 5), (-1, 5))
    X = np.eye(2)
    assert plane_around(linear_regression(X, [2.0, 3.0]), home) == home
    assert plane_around(linear_regression(X, [8.2, -0.5]), home) == Plane((5, 11), (-4, 2))


def test_a_plane_without_a_home_has_the_size_of_the_unit_ellipse():
    X = np.diag([2.0, 1.0])
    plane = plane_around(linear_regression(X, [4.0, 1.0]))
    eigenvalues = np.linalg.eigvalsh(fisher(linear_regression(X, [4.0, 1.0]), np.zeros(2)))
    assert_allclose(plane.half_widths, 3.2 * np.prod(eigenvalues**-0.5) ** 0.5, rtol=0.05)
    assert_allclose(plane.center, [2.0, 1.0])


def test_a_problem_without_a_minimum_is_shown_at_home_or_around_zero():
    problem = logistic_regression([[1.0, 0.2], [1.0, -0.3]], [1, 1])
    home = Plane((3, 4), (5, 6))
    assert plane_around(problem, home) == home
    assert_allclose(plane_around(problem).center, 0)


def test_a_comparison_holds_the_fields_the_losses_and_the_cosines(listed):
    plane = plane_around(listed)
    methods = ["GD", "NGD", "EFGD"]
    got = finish(compare_fields(listed, methods, plane, density=4, fine=7, damping=1e-6))
    assert got.plane == plane
    assert_array_equal(got.tails, plane.grid(4))
    assert_array_equal(got.x, np.linspace(*plane.x, 7))
    assert_array_equal(got.y, np.linspace(*plane.y, 7))
    assert_allclose(got.loss, loss_grid(listed, plane, 7), rtol=1e-12)
    fine = {}
    for name in methods:
        expected = vector_field(listed, name, plane.grid(4), damping=1e-6)
        assert_allclose(got.vectors[name], expected, rtol=1e-10, atol=1e-13)
        fine[name] = vector_field(listed, name, plane.grid(7), damping=1e-6)
        assert got.rank_deficient[name] == 0
    a, b = fine["NGD"], fine["EFGD"]
    expected = (a * b).sum(-1) / np.sqrt((a**2).sum(-1) * (b**2).sum(-1))
    # At the minimum itself both directions are rounding errors, and so is their angle.
    size = np.linalg.norm(a, axis=-1)
    clear = size > 1e-10 * size.max()
    assert_allclose(got.cosines[clear], expected[clear], rtol=1e-9, atol=1e-10)
    assert_array_equal(np.isfinite(got.cosines), clear)
    assert got.negative_share == pytest.approx((expected[clear] < 0).mean())


def test_a_comparison_counts_the_points_where_a_matrix_was_singular():
    x = np.arange(1.0, 9.0)
    problem = logistic_regression(np.stack([x, 3 * x], axis=1), np.arange(8) % 2)
    plane = Plane((-1, 1), (-1, 1))
    got = finish(compare_fields(problem, list(METHODS), plane, density=3, fine=3, damping=0.0))
    singular = dict.fromkeys(METHODS, 9)
    assert got.rank_deficient == singular | {"GD": 0}


@pytest.mark.parametrize("key", ["fig1", "fig2"])
def test_a_comparison_reports_a_fraction_that_grows_to_one(key):
    problem = listed_problem(key)
    work = compare_fields(problem, ["NGD", "EFGD"], PLANE, density=5, fine=9, damping=0.1)
    fractions = [progress.fraction for progress in work]
    assert (np.diff(fractions) > 0).all()
    assert 0 < fractions[0] <= fractions[-1]
    assert fractions[-1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("eigenvalues", "kind", "n_lines"),
    [
        ((0.5, 3.0), "ellipse", 1),
        ((0.0, 2.0), "lines", 2),
        ((-0.7, 2.0), "hyperbola", 2),
        ((-0.7, -0.1), "empty", 0),
        ((0.0, 0.0), "empty", 0),
    ],
)
def test_a_conic_is_the_level_set_of_its_matrix(eigenvalues, kind, n_lines):
    V = np.linalg.qr(np.random.default_rng(0).normal(size=(2, 2)))[0]
    matrix, center = V @ np.diag(eigenvalues) @ V.T, np.array([1.0, -2.0])
    drawn = conic(matrix, center, 0.3, reach=5.0)
    assert (drawn.kind, len(drawn.lines)) == (kind, n_lines)
    for line in drawn.lines:
        delta = line - center
        assert_allclose(np.einsum("ni,ij,nj->n", delta, matrix, delta), 0.3, rtol=1e-9)
    if kind in ("lines", "hyperbola"):
        assert min(np.linalg.norm(line - center, axis=-1).max() for line in drawn.lines) >= 5
