"""Panels are valid figures and show the numbers that they are drawn from."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from efviz import METHODS, PROBLEMS
from efviz.dashboard.pages.vector_fields import words as text
from efviz.fields import Plane, plane_around
from efviz.figures import marks
from efviz.figures.theme import axis, dark_colours, style_of
from efviz.figures.vector_fields import TRUE_LENGTH, vector_field_panels
from efviz.optimizers import Method, Trajectory, run
from efviz.optimizers.stochastic import STOCHASTIC_METHODS
from efviz.problems import Problem, logistic_regression
from efviz.studies.field_comparison import compare_fields
from efviz.style import OTHERS, Style
from efviz.work import finish

SHOWN = ("GD", "NGD", "EFGD")
PATHS = [
    (key, path, strength)
    for key, entry in PROBLEMS.items()
    if entry.family
    for path, p in entry.family.paths.items()
    for strength in (p.low, 0.0, p.high)
]


def picture(key: str, **knobs: Any) -> dict[str, Any]:
    """The arguments of the figure on the page, with few examples and steps."""
    entry = PROBLEMS[key]
    small = {"N": 60} if entry.family else {}
    dataset = entry.dataset(**(small | knobs))
    problem = entry.problem(dataset)
    home = Plane(*entry.settings.plane) if entry.settings.plane else None
    plane = plane_around(problem, home, entry.settings.reach)
    fields = finish(compare_fields(problem, SHOWN, plane, density=5, fine=9, damping=1e-3))
    starts = plane.place([(0, 0.5), (-0.5, -0.5)])
    paths = {
        name: run(problem, name, starts, step_size=1e-2, damping=1e-3, n_steps=20, record=8)
        for name in SHOWN
    }
    return {
        "dataset": dataset,
        "problem": problem,
        "fields": fields,
        "trajectories": paths,
        "starts": starts,
        "scales": dict.fromkeys(SHOWN, 1.0),
    }


def trace(panel: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [t for t in panel["data"] if t.get("name") == name]
    return found


def check(panels: dict[str, Any]) -> None:
    """Plotly accepts every property of every panel."""
    assert list(panels) == ["Data", *SHOWN]
    for panel in panels.values():
        figure = go.Figure(panel)
        assert figure.layout.meta["label"]


@pytest.mark.parametrize("key", PROBLEMS)
@pytest.mark.parametrize("cosines", [False, True], ids=["plain", "cosines"])
def test_every_problem_makes_valid_figures(key: str, cosines: bool) -> None:
    check(vector_field_panels(**picture(key), show_cosines=cosines))


@pytest.mark.parametrize(("key", "path", "strength"), PATHS)
def test_both_ends_of_every_path_make_valid_figures(key: str, path: str, strength: float) -> None:
    check(vector_field_panels(**picture(key, path=path, strength=strength)))


@pytest.mark.parametrize("key", [k for k, e in PROBLEMS.items() if not e.family])
@pytest.mark.parametrize("scaling", ["standardised", "raw"])
def test_principal_components_make_valid_figures(key: str, scaling: str) -> None:
    check(vector_field_panels(**picture(key, inputs="principal components", scaling=scaling)))


@pytest.mark.parametrize("name", SHOWN)
def test_the_drawn_path_is_the_trajectory(name: str) -> None:
    p = picture("fig1")
    drawn = trace(vector_field_panels(**p)[name], name)
    thetas = p["trajectories"][name].thetas
    xy = np.stack([drawn["x"], drawn["y"]], axis=-1).reshape(len(thetas), -1, 2)
    assert_array_equal(xy[:, :-1], thetas)
    assert np.isnan(xy[:, -1]).all()
    assert drawn["line"]["color"] == style_of(name).colour
    assert drawn["line"]["dash"] == style_of(name).dash


def arrow_points(path: str) -> np.ndarray:
    """Tail and tip of each arrow of a path."""
    numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?", path)]
    return np.array(numbers).reshape(-1, 10)[:, :4].reshape(-1, 2, 2)


@pytest.mark.parametrize("name", SHOWN)
def test_arrows_start_on_the_grid_and_have_the_length_of_the_update(name: str) -> None:
    p = picture("fig1")
    panel = vector_field_panels(**(p | {"scales": dict.fromkeys(SHOWN, 2.0)}))[name]
    arrows = arrow_points(panel["layout"]["shapes"][0]["path"])
    assert_allclose(arrows[:, 0], p["fields"].tails.reshape(-1, 2), atol=1e-4)
    update = p["fields"].vectors[name].reshape(-1, 2)
    assert_allclose(arrows[:, 1] - arrows[:, 0], 2 * TRUE_LENGTH * update, rtol=1e-2, atol=1e-3)


def test_unit_arrows_are_equally_long() -> None:
    p = picture("fig2")
    for name in SHOWN:
        panel = vector_field_panels(**p, unit_length=True)[name]
        tail, tip = np.moveaxis(arrow_points(panel["layout"]["shapes"][0]["path"]), 1, 0)
        assert_allclose(np.ptp(np.linalg.norm(tip - tail, axis=-1)), 0, atol=2e-3)


def test_no_arrow_of_full_length_stands_for_rounding_at_the_minimum() -> None:
    p = picture("breast-cancer")
    # The plane is a square around the minimum, whose middle is on the grid.
    assert_allclose(p["fields"].tails[2, 2], p["problem"].theta_star, rtol=1e-12)
    for name in SHOWN:
        panel = vector_field_panels(**p, unit_length=True)[name]
        assert len(arrow_points(panel["layout"]["shapes"][0]["path"])) == 5 * 5 - 1
        numbers = panel["numbers"]["arrows"]
        assert (numbers["u"][12], numbers["v"][12]) == (0, 0)


def test_arrows_that_are_not_finite_are_left_out() -> None:
    tails = np.zeros((3, 2))
    vectors = np.array([[1, 0], [np.nan, 1], [np.inf, 0]])
    assert len(arrow_points(marks.arrows(tails, vectors)["path"])) == 1


def test_the_loss_is_constant_along_a_contour() -> None:
    p = picture("fig1")
    fine = finish(
        compare_fields(p["problem"], SHOWN, p["fields"].plane, density=5, fine=61, damping=0)
    )
    drawn = trace(vector_field_panels(**(p | {"fields": fine}))["GD"], "loss")
    xy = np.stack([drawn["x"], drawn["y"]], axis=-1)
    lines = np.split(xy, np.flatnonzero(np.isnan(xy[:, 0])) + 1)
    lowest = p["problem"].loss(p["problem"].theta_star)
    heights = [np.sqrt(p["problem"].loss(line[:-1]) - lowest) for line in lines if len(line) > 5]
    assert len(heights) > 5
    spacing = np.diff(sorted({round(float(h.mean()), 2) for h in heights})).min()
    assert all(np.ptp(h) < 0.2 * spacing for h in heights)


def test_a_problem_without_a_minimum_has_no_star_and_says_why() -> None:
    p = picture("fig2")
    X = p["dataset"].X
    y = (X[:, 0] > 0).astype(float)
    separable = replace(logistic_regression(X, y), parameter_names=("θ₁", "θ₂"))
    p |= {"problem": separable, "dataset": replace(p["dataset"], y=y)}
    panels = vector_field_panels(**p)
    check(panels)
    assert "minimum" not in {t.get("name") for panel in panels.values() for t in panel["data"]}
    words = text.sentence(separable, p["fields"], p["trajectories"], 20)
    assert "no finite minimum" in words


def test_classes_along_one_input_lie_in_strips_below_their_probabilities() -> None:
    p = picture("softmax")
    panel = vector_field_panels(**p)["Data"]
    drawn = trace(panel, "data")
    assert_array_equal(drawn["x"], p["dataset"].X[:, 0])
    assert ((drawn["y"] < p["dataset"].y) & (drawn["y"] > p["dataset"].y - 0.4)).all()
    fit = trace(panel, "fit of the minimum")
    curves = np.stack([fit["x"], fit["y"]], axis=-1).reshape(3, -1, 2)[:, :-1]
    share = curves[..., 1] - np.arange(3)[:, None]
    assert_allclose(share.sum(0), share.sum(0)[0], rtol=1e-12)
    x = curves[0, :, 0]
    f = np.stack([0 * x, *np.multiply.outer(p["problem"].theta_star, x)])
    assert_allclose(share / share.sum(0), np.exp(f) / np.exp(f).sum(0), rtol=1e-10)


def test_the_cosine_map_shows_the_cosines() -> None:
    p = picture("fig1")
    panels = vector_field_panels(**p, show_cosines=True)
    drawn = trace(panels["EFGD"], "cosine")
    assert_array_equal(drawn["z"], p["fields"].cosines)
    assert (drawn["zmin"], drawn["zmax"]) == (-1, 1)
    assert np.abs(drawn["z"]).max() <= 1 + 1e-12
    assert all(t.get("name") != "cosine" for t in panels["NGD"]["data"])


def test_the_scale_of_cosines_stands_below_the_field_in_colours_that_no_method_has() -> None:
    p = picture("fig1")
    plain, mapped = (vector_field_panels(**p, show_cosines=on)["EFGD"] for on in (False, True))
    scale = trace(mapped, "cosine")
    assert scale["colorbar"]["tickvals"] == [-1, 0, 1]
    assert scale["colorbar"]["ticktext"] == ["−1 opposite", "<br>cos(NGD, EFGD)", "1 same"]
    assert scale["colorbar"]["yref"] == "container"
    assert mapped["layout"]["margin"]["b"] >= plain["layout"]["margin"]["b"] + 40
    ends = {scale["colorscale"][0][1], scale["colorscale"][-1][1]}
    assert not ends & {style.colour for style in STYLES.values()}
    assert ends < set(dark_colours())


@pytest.mark.parametrize(
    ("limits", "form"),
    [((0, 4800), "none"), ((-1e5, 1e5), "none"), ((0, 2e6), "power"), ((-1e-5, 1e-5), "power")],
)
def test_ticks_are_written_like_other_numbers(limits: tuple[float, float], form: str) -> None:
    x = axis("x", limits)
    assert (x["separatethousands"], x["exponentformat"]) == (True, form)


def test_every_method_has_a_style_of_its_own() -> None:
    for table in (METHODS, STOCHASTIC_METHODS):
        assert len({style_of(name).dash for name in table}) == len(table)
        assert len({style_of(name).colour for name in table}) == len(table)
    for noisy, method in (("SGD", "GD"), ("EFSGD", "EFGD")):
        assert style_of(noisy).colour == style_of(method).colour


def test_declarations_without_a_style_get_places_in_the_palette(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for k in range(7):
        monkeypatch.setitem(METHODS, f"own {k}", Method(f"Own {k}", rule=lambda p, t, d: t))
    styles = [style_of(f"own {k}") for k in range(7)]
    assert [one.name for one in styles] == [f"Own {k}" for k in range(7)]
    assert [one.colour for one in styles] == [OTHERS[k % 5].colour for k in range(7)]
    assert len({(one.colour, one.dash) for one in styles}) == 7
    taken = {style_of(name).colour for name in ("GD", "NGD", "EFGD", "Newton", "VA", "RMS")}
    assert not taken & {one.colour for one in OTHERS}
    stated = Style("#123456", "dot", "mine", "#abcdef")
    monkeypatch.setitem(METHODS, "own 1", replace(METHODS["own 1"], style=stated))
    assert style_of("own 1") is stated
    assert style_of("own 2").colour == OTHERS[1].colour
    assert dark_colours()["#123456"] == "#abcdef"


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


STYLES = {name: style_of(name) for name in [*METHODS, *STOCHASTIC_METHODS]} | {
    f"other {k}": style for k, style in enumerate(OTHERS)
}


@pytest.mark.parametrize("name", [name for name in STYLES if name != "NGD"])  # see AMBER
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_contrast_with_the_background(name: str, theme: str) -> None:
    colour, ground = STYLES[name].colour, "#ffffff"
    if theme == "dark":
        dark = dark_colours()
        colour, ground = dark[colour], dark[ground]
    low, high = sorted([luminance(colour), luminance(ground)])
    assert (high + 0.05) / (low + 0.05) >= 3


def trajectory(
    problem: Problem, diverged: list[bool], losses: list[float], steps: int = 10
) -> Trajectory:
    R = len(losses)
    return Trajectory(
        problem=problem,
        steps=np.array([0, steps]),
        thetas=np.zeros((R, 2, 2)),
        losses=np.zeros((R, 2)),
        first_loss=np.full(R, 1e3),
        diverged=np.array(diverged),
        steps_done=np.full(R, steps),
        final_theta=np.zeros((R, 2)),
        final_loss=np.array(losses),
        rank_deficient=np.zeros(R, dtype=bool),
    )


def test_the_sentence_counts_the_outcomes_of_the_runs() -> None:
    p = picture("fig1")
    least = p["problem"].minimum.loss
    paths = {
        "GD": trajectory(p["problem"], [False, False], [least, 1e2]),
        "EFGD": trajectory(p["problem"], [True, False], [np.inf, least]),
    }
    fields = replace(p["fields"], cosines=np.array([[-0.5, 0.5], [0.9, 1.0]]))
    words = text.sentence(p["problem"], fields, paths, 10)
    assert "1 of 2 with GD, 1 of 2 with EFGD" in words
    assert "Diverged" in words
    assert "1 with EFGD" in words
    assert "<b>25\u202f%</b>" in words
    assert "in 10 steps" in words
    assert "in the first 10 of 50 steps" in text.sentence(p["problem"], fields, paths, 50)


def test_a_singular_matrix_is_named() -> None:
    p = picture("fig1")
    fields = replace(p["fields"], rank_deficient={"GD": 0, "NGD": 25, "EFGD": 3})
    words = text.sentence(p["problem"], fields, p["trajectories"], 20)
    assert "NGD and of EFGD is singular" in words


def test_the_table_holds_the_final_losses() -> None:
    p = picture("fig1")
    paths = {"GD": trajectory(p["problem"], [False, True], [12.345678, np.inf])}
    html = text.table(p["starts"], paths, p["problem"])
    assert "12.346" in html
    assert "∞" in html
    assert "diverged at step 10" in html
    assert html.count("<tr>") == 3


def typed(shown: str) -> float:
    """A number as it is shown: 3.2·10⁻³² or −1.5."""
    digits = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
    return float(re.sub(r"·?10(?=[⁻⁰-⁹²³¹])", "e", shown).translate(digits).replace(",", ""))


@pytest.mark.parametrize("strength", [-1.0, 0.0])
@pytest.mark.parametrize("key", ["fig1", "fig4"])
def test_no_loss_is_said_to_lie_below_the_minimum(key: str, strength: float) -> None:
    p = picture(key, path="noise", strength=strength)
    steps = {"step_size": 1.0, "n_steps": 20}
    paths = {name: run(p["problem"], name, p["starts"], **steps) for name in ("NGD",)}
    html = text.table(p["starts"], paths, p["problem"])
    (lowest,) = (typed(said) for said in re.findall(r"at the minimum is ([^<]+)<", html))
    losses = [typed(said) for said in re.findall(r"<td>([^ <]+) <small>", html)]
    # One step solves least squares: what differs after it is rounding.
    X, y = p["problem"].X, p["problem"].y
    r = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    assert losses == [lowest] * 2
    assert lowest == pytest.approx(float(np.mean(r**2)) / 2, rel=1e-4, abs=1e-28)
    assert (lowest == 0) == (strength == -1)


def test_names_cannot_become_markup() -> None:
    p = picture("fig1")
    named = replace(p["problem"], parameter_names=("<b>x</b>", "θ"))
    html = text.table(p["starts"], p["trajectories"], named)
    assert "<b>x" not in html
    assert "&lt;b&gt;x" in html
