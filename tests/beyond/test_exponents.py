"""Powers, diagonals, relative damping and units of a matrix: theorems and given numbers."""

import numpy as np
import pytest
from conftest import small_problem, some_thetas
from exact import MP
from given import REFERENCE, figure
from numpy.testing import assert_allclose
from reference import Slow
from scipy.linalg import fractional_matrix_power

from efviz import METHODS, run
from efviz.arrays import cosine
from efviz.curvature import empirical_fisher, fisher
from efviz.optimizers import direction, directions
from efviz.optimizers.methods import STRUCTURES, Method, varied
from efviz.problems import Problem, linear_regression

MATRICES = {"F": "NGD", "EF": "EFGD"}
EXPONENTS = (0.0, 0.25, 1 / 3, 0.5, 0.75, 1.0)
GIVEN = REFERENCE["exponent"]
AT = np.array([2.0, 4.5])

pytestmark = pytest.mark.numerics


def form(name: str, **way) -> Method:
    """The method whose matrix is F or EF, varied."""
    return varied([MATRICES[name]], **way)[MATRICES[name]]


def step(problem: Problem, name: str, theta, damping=0.0, **way):
    return direction(problem, form(name, **way), theta, damping=damping).x


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("name", MATRICES)
def test_a_direction_is_the_power_of_a_matrix_of_slow_loops(name, exponent, structure):
    problem = small_problem("linear-poisson")
    slow = Slow(problem)
    units, damping = np.array([1.0, 0.2, 7.0]), 0.3
    for theta in some_thetas(problem, 2):
        B = (slow.fisher if name == "F" else slow.empirical_fisher)(theta)
        A = B / np.outer(units, units)
        A = A if structure == "full" else np.diag(np.diag(A))
        A = A + damping * np.trace(B / np.outer(units, units)) / 3 * np.eye(3)
        expected = fractional_matrix_power(A, -exponent) @ (slow.gradient(theta) / units) / units
        way = {"exponent": exponent, "structure": structure, "relative": True, "units": units}
        assert_allclose(step(problem, name, theta, damping, **way), expected, rtol=1e-9)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("name", MATRICES)
def test_the_field_of_figure_1_has_the_given_angles_and_lengths(name, exponent, structure):
    problem = figure("fig1")
    x = np.linspace(-1, 5, 24)
    theta = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 2)
    F, natural = fisher(problem, theta), direction(problem, "NGD", theta).x
    way = step(problem, name, theta, exponent=exponent, structure=structure)
    length, plain = np.linalg.norm(way, axis=-1), cosine(way, natural)
    kept = {"full": "full", "diagonal": "diag"}[structure]
    given = GIVEN["fig1, grid linspace(-1,5,24)^2"][f"{name} {kept} p={round(exponent, 4):g}"]
    found = {
        "mean_cos_euclid": plain.mean(),
        "share_cos_euclid<0": np.mean(plain < 0),
        "mean_cos_fisher": cosine(way, natural, F).mean(),
        "max_over_min_length": length.max() / length.min(),
        "max_length": length.max(),
    }
    assert_allclose([found[key] for key in given], list(given.values()), rtol=1e-8)


def test_the_root_of_the_empirical_fisher_takes_bounded_steps():
    """|EF^(-1/2) g|^2 = s / (1 + s) < 1 with s = g^T Sigma^-1 g: Sherman and Morrison."""
    given = GIVEN["bound at (2,4.5)"]
    problem = figure("fig1")
    root = step(problem, "EF", AT, exponent=0.5)
    assert_allclose(np.linalg.norm(root), given["norm_EF^-1/2_g"], rtol=1e-10)
    for kind in ("linear-gaussian", "linear-poisson", "contrast-categorical"):
        other = small_problem(kind, N=40)
        for theta in [*some_thetas(other, 3), np.full(other.D, 3.0)]:
            g = other.gradient(theta)
            s = g @ np.linalg.solve(empirical_fisher(other, theta) - np.outer(g, g), g)
            found = np.linalg.norm(step(other, "EF", theta, exponent=0.5))
            assert_allclose(found, np.sqrt(s / (1 + s)), rtol=1e-7)
            assert found < 1


def test_far_out_the_steps_of_figure_1_are_as_long_as_given():
    problem = figure("fig1")
    for exponent, text in ((0.0, "p=0"), (0.5, "p=0.5"), (1.0, "p=1")):
        given = GIVEN["fig1 length along theta* + d (1,1)/sqrt2"][text]
        for key, length in given.items():
            theta = problem.theta_star + float(key[2:]) * np.ones(2) / np.sqrt(2)
            found = np.linalg.norm(step(problem, "EF", theta, exponent=exponent))
            assert_allclose(found, length, rtol=1e-8)


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_a_loss_times_c_scales_steps_by_a_power_of_c(exponent):
    """g by c, EF by c^2 and F by c: steps by c^(1 - 2 p) and c^(1 - p)."""
    g = small_problem("linear-poisson").gradient(np.full(3, 0.3))
    problem, theta = small_problem("linear-poisson"), np.full(3, 0.3)
    for name, power in (("EF", 1 - 2 * exponent), ("F", 1 - exponent)):
        B = (empirical_fisher if name == "EF" else fisher)(problem, theta)
        often = 49 if name == "EF" else 7
        one = form(name, exponent=exponent).precondition(B, g, np.array(0.0), terms=problem.N).x
        more = form(name, exponent=exponent)
        scaled = more.precondition(often * B, 7 * g, np.array(0.0), terms=problem.N).x
        assert_allclose(scaled, 7**power * one, rtol=1e-9)
    for text, ratio in GIVEN["loss times 7"].items():
        name, p = text.split(" p=")
        assert_allclose(ratio, 7 ** (1 - (2 if name == "EF" else 1) * float(p)), rtol=1e-12)


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("name", MATRICES)
def test_only_the_inverse_ignores_units(name, structure, exponent):
    problem, units = small_problem("linear-poisson", N=40), (1.0, 0.01, 3.0)
    theta = some_thetas(problem, 1)[0]
    plain = step(problem, name, theta, exponent=exponent, structure=structure)
    other = step(problem, name, theta, exponent=exponent, structure=structure, units=units)
    same = np.allclose(plain, other, rtol=1e-6)
    assert same == (exponent == 1)


def test_only_the_inverse_of_the_full_matrix_ignores_linear_changes_of_the_parameters():
    problem, theta = small_problem("linear-poisson", N=40), np.array([0.2, 0.5, 0.4])
    A = np.array([[1.0, 0.4, 0.0], [0.3, 2.0, 0.1], [0.0, 0.7, 0.5]])
    turned = Problem(problem.X @ np.linalg.inv(A), problem.y, problem.model, problem.likelihood)
    for structure in STRUCTURES:
        for exponent in (0.5, 1.0):
            here = step(problem, "EF", theta, exponent=exponent, structure=structure)
            there = step(turned, "EF", A @ theta, exponent=exponent, structure=structure)
            same = np.allclose(A @ here, there, rtol=1e-6)
            assert same == (structure == "full" and exponent == 1)


def test_other_units_are_the_same_problem_with_other_inputs():
    """Steps in phi = units theta are those of the problem whose inputs are divided by the units."""
    problem, units = figure("fig1"), np.array([1.0, 0.01])
    scaled = linear_regression(problem.X / units, problem.y)
    for name in ("GD", "NGD", "EFGD"):
        here = varied([name], exponent=0.5, units=units)[name]
        there = varied([name], exponent=0.5)[name]
        way = {"step_size": 1e-4, "damping": 1e-6, "n_steps": 30}
        path, other = run(problem, here, AT, **way), run(scaled, there, units * AT, **way)
        assert_allclose(units * path.thetas, other.thetas, rtol=1e-7)


def test_where_the_paper_s_uphill_region_lies_depends_on_units():
    """At (2, 4.5): the Euclidean cosine changes with the unit of x, that of the Fisher does not."""
    problem = figure("fig1")
    F = fisher(problem, AT)
    for unit, euclidean in ((1.0, -0.160), (0.01, -0.838)):
        units = np.array([1.0, unit])
        found = directions(problem, varied(["NGD", "EFGD"], units=units), AT)
        natural, empirical = found["NGD"].x, found["EFGD"].x
        assert_allclose(cosine(units * natural, units * empirical), euclidean, atol=5e-4)
        assert_allclose(cosine(natural, empirical, F), 0.62798, atol=5e-6)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("name", ["GD", *MATRICES.values()])
def test_compiled_runs_take_the_steps_that_the_directions_say(name, exponent, structure):
    problem, units = figure("fig1", "noise", 0.5), (1.0, 0.5)
    one = varied([name], exponent=exponent, structure=structure, relative=True, units=units)[name]
    theta = np.array([[2.0, 4.5], [1.0, 0.0]])
    path = run(problem, one, theta, step_size=0.01, damping=1e-3, n_steps=20)
    for t in range(20):
        theta = theta - 0.01 * direction(problem, one, theta, damping=1e-3).x
        assert_allclose(path.thetas[:, t + 1], theta, rtol=1e-9)


def test_a_power_acts_on_the_range_of_a_singular_matrix():
    x = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    problem = linear_regression(x, np.array([1.0, 0.0, 2.0]))
    theta = np.array([0.3, -0.1])
    B, g = empirical_fisher(problem, theta), problem.gradient(theta)
    along = np.array([1.0, 2.0]) / np.sqrt(5)
    for exponent in EXPONENTS:
        x_, deficient = direction(problem, form("EF", exponent=exponent), theta)
        assert deficient == (exponent != 1) or deficient
        assert_allclose(x_, (along @ B @ along) ** -exponent * g, rtol=1e-9)


def test_units_of_very_different_size_make_no_matrix_singular():
    """The rank is decided in units in which the diagonal is 1."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 2)) * [1.0, 1e8]
    problem = linear_regression(X, rng.normal(size=50))
    theta = np.array([1.0, 1e-8])
    x, deficient = direction(problem, form("F", exponent=0.5), theta)
    assert not deficient
    w, V = MP.eigsy(MP.matrix(fisher(problem, theta).tolist()))
    parts = V.T * MP.matrix(problem.gradient(theta).tolist())
    expected = V * MP.matrix([part / MP.sqrt(level) for part, level in zip(parts, w, strict=True)])
    assert_allclose(x, np.array(expected.tolist(), dtype=float)[:, 0], rtol=1e-7)


def test_nonsense_is_refused_with_its_value():
    for way, words in (
        ({"exponent": 2.0}, "exponent must be between 0 and 1, got 2.0"),
        ({"structure": "block"}, "unknown structure 'block'; there are full, diagonal"),
        ({"units": (1.0, -1.0)}, r"units must be positive, got \(1.0, -1.0\)"),
    ):
        with pytest.raises(ValueError, match=words):
            varied(["NGD"], **way)
    with pytest.raises(ValueError, match="units must have 2 numbers, one per parameter"):
        step(figure("fig1"), "F", AT, units=(1.0, 2.0, 3.0))


def test_what_is_not_varied_is_the_method_itself():
    for name, method in varied(METHODS).items():
        assert method == METHODS[name]
