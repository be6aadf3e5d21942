"""What lessons say that trying shows, computed again from the data with plain NumPy.

The settings are those that a reader of the lesson can reach.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from numpy.testing import assert_allclose
from scipy import optimize

from efviz.arrays import Array
from efviz.dashboard.pages.at_minimum.page import STUDIES as AT_MINIMUM
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.lessons import batches, facts, improved, root
from efviz.dashboard.pages.lessons.registry import LESSONS
from efviz.dashboard.pages.matrices.page import STUDIES as MATRICES
from efviz.dashboard.pages.matrices.settings import MatricesSettings
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.pages.vector_fields.words import table
from efviz.datasets import FAMILIES
from efviz.figures.player import field_panels
from efviz.numbers import number, percent
from efviz.studies.comparison import Comparison

STARTS = np.array([(2.0, 4.5), (1.0, 0.0), (4.5, 3.0), (-0.5, 3.0)])
"""The starts of Figure 1."""


def said(lesson: str, name: str) -> str:
    """A number of a lesson, which its texts state."""
    assert any(f"[[{name}]]" in text for text in LESSONS[lesson].templates)
    return LESSONS[lesson].numbers()[name]


def words(lesson: str) -> str:
    """All that a lesson says."""
    found = LESSONS[lesson]
    return " ".join(map(found.say, found.templates))


def fig_1(strength: float = 0.0) -> tuple[Array, Array, Array]:
    """X, y and the least-squares line of Figure 1."""
    data = FAMILIES["lognormal"].sample(strength=strength)
    return data.X, data.y, np.linalg.lstsq(data.X, data.y, rcond=None)[0]


def ef_step(X: Array, y: Array, theta: Array) -> Array:
    r = X @ theta - y
    EF = (X * r[:, None] ** 2).T @ X / len(y)
    return np.asarray(np.linalg.solve(EF, X.T @ r / len(y)))


def ngd_step(X: Array, y: Array, theta: Array) -> Array:
    return np.asarray(np.linalg.solve(X.T @ X, X.T @ (X @ theta - y)))


def drawn_arrows(name: str) -> tuple[Array, Array]:
    """Tails and arrows (15, 15, 2) in the field of a method, as the page opens."""
    page = vector_fields.STUDIES.everything(VectorFieldsSettings.of())
    panels = field_panels(
        page.dataset, page.problem, page.fields, page.paths, page.theta_0, page.scales
    )
    columns = panels[name]["numbers"]["arrows"]
    x, y, u, v = (np.asarray(columns[key]).reshape(15, 15) for key in "xyuv")
    return np.stack([x, y], axis=-1), np.stack([u, v], axis=-1)


def test_the_arrows_of_ngd_point_at_the_minimum_and_show_the_share_of_the_way_that_is_said() -> (
    None
):
    tails, arrows = drawn_arrows("NGD")
    way = fig_1()[2] - tails
    assert_allclose(arrows[..., 0] * way[..., 1], arrows[..., 1] * way[..., 0], atol=1e-6)
    share = np.linalg.norm(arrows, axis=-1) / np.linalg.norm(way, axis=-1)
    assert_allclose(share, share.mean(), rtol=1e-6)
    assert said("straight", "drawn") == percent(float(share.mean()))
    assert said("straight", "left") == percent(0)


def test_the_paths_of_gd_and_ngd_are_as_long_as_is_said() -> None:
    X, y, centre = fig_1()
    page = VectorFieldsSettings.of()
    H = X.T @ X / len(y)
    for name, B in (("GD", np.eye(2)), ("NGD", H)):
        gamma = page.step_size * page.given_scales[name]
        step = np.eye(2) - gamma * np.linalg.solve(B, H)
        paths = [STARTS - centre]
        for _ in range(page.n_steps):
            paths.append(paths[-1] @ step.T)
        length = np.linalg.norm(np.diff(paths, axis=0), axis=-1).sum(axis=0)
        detour = length / np.linalg.norm(paths[-1] - paths[0], axis=-1)
        assert float(said("straight", name)) == pytest.approx(detour.max(), rel=0.01)


def corner_ratios(step: Callable[[Array, Array, Array], Array]) -> Array:
    """Lengths of steps at the corners of the plane relative to those half-way there."""
    X, y, centre = fig_1()
    corners = np.array([(-1, -1), (-1, 5), (5, -1), (5, 5)], dtype=float)
    near = [np.linalg.norm(step(X, y, (centre + corner) / 2)) for corner in corners]
    far = [np.linalg.norm(step(X, y, corner)) for corner in corners]
    return np.array(far) / np.array(near)


def test_the_step_of_efgd_is_halved_on_the_plane_that_is_shown() -> None:
    ef, natural = corner_ratios(ef_step), corner_ratios(ngd_step)
    assert said("bends", "efgd") == f"{number(ef.min())} to {number(ef.max())}"
    assert said("bends", "ngd") == number(natural.mean())
    assert_allclose(ef, 0.5, rtol=0.15)


def test_the_outer_arrows_of_efgd_shrink_where_those_of_ngd_grow_and_the_inner_ones_grow_too() -> (
    None
):
    tails, ef = drawn_arrows("EFGD")
    _, natural = drawn_arrows("NGD")
    for corner, half in ((0, 3), (14, 11)):
        at, before = (corner, corner), (half, half)
        assert np.linalg.norm(ef[at]) < 0.75 * np.linalg.norm(ef[before])
        assert np.linalg.norm(natural[at]) > 1.5 * np.linalg.norm(natural[before])
    X, y, centre = fig_1()
    turns = []
    for corner in tails[[0, 0, -1, -1], [0, -1, 0, -1]]:
        way = np.linspace(0, 1, 1001)[1:]
        lengths = [np.linalg.norm(ef_step(X, y, centre + t * (corner - centre))) for t in way]
        top = int(np.argmax(lengths))
        assert (np.diff(lengths[: top + 1]) > 0).all()
        assert (np.diff(lengths[top:]) < 0).all()
        turns.append(way[top])
    share = float(re.sub(r"\D+$", "", said("bends", "turn"))) / 100
    assert share == pytest.approx(max(turns), abs=0.01)


def test_efgd_goes_downhill_everywhere_and_away_from_ngd_on_the_share_that_is_said() -> None:
    X, y, _ = fig_1()
    away = []
    for theta in np.stack(np.meshgrid(*[np.linspace(-1, 5, 31)] * 2), axis=-1).reshape(-1, 2):
        ef, natural = ef_step(X, y, theta), ngd_step(X, y, theta)
        assert ef @ X.T @ (X @ theta - y) > 0
        away.append(ef @ natural < 0)
    assert said("bends", "share") == percent(float(np.mean(away)))


def test_the_table_has_methods_in_columns_and_says_what_jumping_runs_are() -> None:
    page, _ = VectorFieldsSettings.read({"s": "-1", "damping": "0"})
    shown = vector_fields.STUDIES.everything(page)
    told = table(shown.theta_0, shown.paths, shown.problem)
    head, *rows = re.findall(r"<tr>(.*?)</tr>", told)
    assert re.findall(r"<th[^>]*>([^<]*)</th>", head) == ["start", "GD", "NGD", "EFGD"]
    assert "column EFGD" in words("growing-step")
    # EF is singular at the minimum: no run of EFGD arrives, and none is said to be on its way.
    assert len(rows) == len(STARTS)
    for row in rows:
        cells = re.findall(r"<td>(.*?)</td>", row)
        assert "not converged" in cells[-1]
        assert "★ minimum" in cells[-2]
        assert cells[-2].startswith("0 ")


def test_an_exact_fit_halves_the_distance_and_doubles_the_step_at_every_start() -> None:
    X, y, centre = fig_1(-1.0)
    for way in STARTS - centre:
        one, half, near = (np.linalg.norm(ef_step(X, y, centre + way / k)) for k in (1, 2, 16))
        assert said("growing-step", "half") == number(half / one)
        assert said("growing-step", "times") == number(near / one)


def test_the_longest_steps_of_undamped_efgd_begin_close_to_the_minimum() -> None:
    X, y, centre = fig_1(-1.0)
    page, _ = VectorFieldsSettings.read({"s": "-1", "damping": "0"})
    gamma = page.step_size * page.given_scales["EFGD"]
    theta, path = STARTS[0], [STARTS[0]]
    for _ in range(page.n_steps):
        theta = theta - gamma * ef_step(X, y, theta)
        path.append(theta)
    off = np.linalg.norm(np.array(path) - centre, axis=-1)
    steps = np.linalg.norm(np.diff(np.array(path), axis=0), axis=-1)
    longest = np.argsort(steps)[-20:]
    assert (off[longest] < 0.05 * off[0]).all()
    # They lead away from it.
    assert np.median(off[longest + 1]) > 3 * np.median(off[longest])


Z, W = hermegauss(40)
GRID = np.stack(np.meshgrid(Z, Z), axis=-1).reshape(-1, 2)
WEIGHTS = np.outer(W, W).ravel() / W.sum() ** 2
CORRECT = [((1, 1), [[2, 0], [0, 2]]), ((-1, -1), [[2, 0], [0, 2]])]
ENDS = {
    "A": [((1.5, 1.5), [[3, 0], [0, 3]]), ((-1.5, -1.5), [[1, 0], [0, 1]])],
    "B": [((1, 1), [[1.5, -0.9], [-0.9, 1.5]]), ((-1, -1), [[1.5, 0.9], [0.9, 1.5]])],
}
"""Means and mixing matrices of the classes of Fig. 2, from Table 2 of the paper."""


def floor(path: str, s: float) -> float:
    """The distance of EF from F for infinitely many examples, by Gauss-Hermite quadrature."""
    parts = []
    for (mean, mix), (mean_1, mix_1) in zip(CORRECT, ENDS[path], strict=True):
        M = (1 - s) * np.array(mix) + s * np.array(mix_1)
        parts.append((1 - s) * np.array(mean) + s * np.array(mean_1) + GRID @ M.T)
    X, y = np.concatenate(parts), np.repeat([0.0, 1.0], len(GRID))
    w, theta = np.tile(WEIGHTS, 2) / 2, np.zeros(2)
    for _ in range(30):
        p = 1 / (1 + np.exp(-X @ theta))
        F = (X * (w * p * (1 - p))[:, None]).T @ X
        theta = theta - np.linalg.solve(F, X.T @ (w * (p - y)))
    EF = (X * (w * (p - y) ** 2)[:, None]).T @ X
    return float(np.linalg.norm(EF - F) / np.linalg.norm(F))


def at_the_minimum(**query: str) -> Comparison:
    """What the page At the minimum shows for these settings."""
    settings, sentences = AtMinimumSettings.read(query)
    assert sentences == []
    (case,) = AT_MINIMUM.now("moved", settings)
    assert case.comparison
    found: Comparison = case.comparison
    return found


def test_misspecification_leaves_the_floor_that_the_lesson_names() -> None:
    few, many = (at_the_minimum(s="1", n=str(N)).distance for N in (1000, 100_000))
    assert said("enough-data", "floor_few") == percent(few)
    assert said("enough-data", "floor_many") == percent(many)
    assert_allclose([few, many], floor("A", 1.0), rtol=0.15)
    # A hundred times the examples take the distance of the correct model to a tenth.
    assert many > 0.9 * few


@pytest.mark.parametrize("path", ["A", "B"])
def test_more_data_lower_no_distance_below_its_floor_which_is_lower_for_smaller_strengths(
    path: str,
) -> None:
    bounds = FAMILIES["classes"].paths[path]
    above = [floor(path, float(s)) for s in np.linspace(0, bounds.high, 8)]
    below = [floor(path, float(s)) for s in np.linspace(0, bounds.low, 6)]
    assert above[0] < 1e-12
    assert (np.diff(above) > 0).all()
    assert (np.diff(below) > 0).all()
    for s in ("-0.5", "0.2", "0.5", "1.5"):
        found = at_the_minimum(path=path, s=s, n="100000").distance
        assert_allclose(found, floor(path, float(s)), rtol=0.4)


def test_no_lesson_denies_what_a_mild_misspecification_and_many_examples_do() -> None:
    assert at_the_minimum(s="0.2", n="100000").distance < 0.05
    assert not re.search(
        r"\bno number\b|\bonly there\b|\bnever\b.*\bexamples\b", words("enough-data")
    )


def test_noise_of_twice_the_spread_stays_four_times_too_large_however_many_examples() -> None:
    assert_allclose(at_the_minimum(problem="fig4", s="1", n="300000").eigenvalues, 4, rtol=0.02)
    found = at_the_minimum(problem="fig4", s="1")
    ratios = np.linalg.eigvals(np.linalg.solve(found.fisher, found.empirical_fisher))
    axes = np.sqrt(1 / ratios.mean())
    assert said("scale", "axes") == number(float(axes))
    assert_allclose(np.sqrt(1 / ratios), axes, rtol=0.03)


def test_a_fitted_noise_level_mends_the_scale_and_not_the_shape() -> None:
    for name, path in (("noise", "noise"), ("shape", "quadratic")):
        data = FAMILIES["line"].sample(path=path, strength=1.0)
        r = data.y - data.X @ np.linalg.lstsq(data.X, data.y, rcond=None)[0]
        F = data.X.T @ data.X / len(r)
        EF = (data.X * r[:, None] ** 2).T @ data.X / len(r)
        off, fitted = (np.linalg.norm(EF / s - F) / np.linalg.norm(F) for s in (1, np.mean(r**2)))
        assert said("scale", f"{name}_off") == percent(float(off))
        assert said("scale", f"{name}_fitted") == percent(float(fitted))


def test_the_share_of_noise_is_what_the_mean_gradient_leaves() -> None:
    X, y, centre = fig_1()
    for theta, share in ((STARTS[0], said("noise", "share")), (centre, percent(1.0))):
        g = X * (X @ theta - y)[:, None]
        noise = 1 - float(np.sum(g.mean(0) ** 2) / np.mean(np.sum(g**2, axis=1)))
        assert share == percent(noise)


def test_accuracy_is_that_on_the_fitted_examples_and_is_said_to_be() -> None:
    for name, path, s in (("correct", "A", 0.0), ("A", "A", 1.0), ("B", "B", 1.0)):
        data = FAMILIES["classes"].sample(path=path, strength=s)
        theta = np.zeros(2)
        for _ in range(30):
            p = 1 / (1 + np.exp(-data.X @ theta))
            H = (data.X * (p * (1 - p))[:, None]).T @ data.X
            theta = theta - np.linalg.solve(H, data.X.T @ (p - data.y))
        assert said("classifier", f"{name}_hits") == percent(
            float(np.mean((data.X @ theta > 0) == (data.y == 1)))
        )
    assert "the fitted examples" in words("classifier")
    assert not re.search("held.out|test set|unseen", words("classifier"), re.IGNORECASE)


def test_far_from_the_minimum_labels_differ_as_is_said() -> None:
    X, y, _ = fig_1()
    r, F = X @ STARTS[0] - y, X.T @ X / len(y)
    off = np.linalg.norm((X * r[:, None] ** 2).T @ X / len(y) - F) / np.linalg.norm(F)
    assert said("whose-label", "observed") == f"{number(float(off))} times the Fisher's size"
    # The most likely target of least squares is the prediction: no residual, no gradient.
    assert said("whose-label", "likely") == percent(1.0)


def label_distances(theta: Array) -> Iterator[tuple[str, float]]:
    for source in ("observed", "sampled", "most_likely"):
        settings = MatricesSettings.of(source=source, theta=(tuple(theta),))
        yield source, float(MATRICES.now("labels", settings).distance)


def test_at_the_minimum_observed_and_drawn_labels_serve_and_the_most_likely_ones_do_not() -> None:
    X, y, theta = fig_1()
    found = dict(label_distances(theta))
    F = X.T @ X / len(y)
    EF = (X * ((y - X @ theta) ** 2)[:, None]).T @ X / len(y)
    assert found["observed"] == pytest.approx(np.linalg.norm(EF - F) / np.linalg.norm(F))
    assert found["observed"] < 0.25
    assert found["sampled"] < 0.25
    assert found["most_likely"] == pytest.approx(1)


def test_all_matrices_agree_at_another_place_too_so_no_lesson_says_only_there() -> None:
    settings: Any = MatricesSettings.of(problem="fig2", theta=((0.0, 0.0),))
    assert all(agreement.agree for agreement in MATRICES.now("agreements", settings))
    for lesson in LESSONS:
        assert "only there" not in words(lesson)


def test_the_root_stops_growing_and_the_inverse_shrinks_far_from_the_minimum() -> None:
    """Lesson root: |EF^(-1/2) g| tends to a constant below 1, |EF^-1 g| falls like 1 / distance."""
    problem = facts.problem("fig1")
    lengths: dict[float, list[float]] = {0.5: [], 1.0: []}
    for distance in (root.NEAR, root.FAR):
        theta = problem.theta_star + distance * np.ones(2) / np.sqrt(2)
        r = problem.X @ theta - problem.y
        g = problem.X.T @ r / problem.N
        w, V = np.linalg.eigh((problem.X.T * r**2) @ problem.X / problem.N)
        for exponent, found in lengths.items():
            found.append(np.linalg.norm(V @ (w**-exponent * (V.T @ g))))
    for exponent, found in lengths.items():
        assert_allclose(root.lengths(exponent), found, rtol=1e-9)
    assert max(lengths[0.5]) < 1
    assert lengths[0.5][1] == pytest.approx(lengths[0.5][0], rel=0.01)
    assert lengths[1.0][1] == pytest.approx(lengths[1.0][0] / 10, rel=0.01)


def test_a_batch_leaves_the_share_that_the_lesson_names() -> None:
    """Lesson batches: the mean gradient is zero, so (N - B) / (B (N - 1)) is left."""
    N, B = 1000, batches.BATCH
    assert batches.share(B) == pytest.approx((N - B) / (B * (N - 1)), rel=1e-9)


def test_the_improved_update_ends_where_fourth_powers_are_least() -> None:
    """Lesson improved: its runs end there, and its matrix is the Fisher of a line."""
    for strength, far in ((1.0, True), (0.0, False)):
        problem = facts.problem("fig1", "quadratic", strength)
        end = optimize.minimize(
            lambda theta, p=problem: np.mean((p.X @ theta - p.y) ** 4),
            problem.theta_star,
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 5000},
        ).x
        assert improved.away(problem) == pytest.approx(
            np.linalg.norm(end - problem.theta_star), rel=1e-5
        )
        assert (improved.away(problem) > improved.LIMIT) == far
    settings = VectorFieldsSettings.of(methods=("NGD", "iEF"), path="quadratic", strength=1.0)
    shown = vector_fields.STUDIES.everything(settings)
    there = np.linalg.norm(shown.paths["iEF"].final_theta - shown.problem.theta_star, axis=-1)
    assert there == pytest.approx(improved.away(shown.problem), rel=0.02)
