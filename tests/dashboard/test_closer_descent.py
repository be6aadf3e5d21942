"""The closer look at steepest descent: the balls and angles that it draws and says."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from test_closer import SOME, here, look, plain
from visiting import Held

from efviz.dashboard.components import Click
from efviz.dashboard.pages.matrices.closer import descent as descent
from efviz.optimizers.steepest_descent import DISTANCES
from efviz.studies.equal_steps import EXAMPLES, balls_of, one_by_one, unit
from efviz.work import finish


@pytest.mark.parametrize("problem", SOME)
@pytest.mark.parametrize("distance", DISTANCES)
def test_one_radius_means_equally_long_steps_in_both_distances(problem: str, distance: str) -> None:
    shown = here(problem)
    scale = unit(shown.problem, shown.theta, distance, shown.plane)
    balls = balls_of(shown.problem, shown.theta, distance, shown.plane, [1e-4])
    step = np.linalg.norm(balls.minimisers[0] - shown.theta)
    assert step == pytest.approx(1e-4 * shown.plane.half_widths.min(), rel=1e-2)
    assert np.linalg.norm(balls.limit) * scale == pytest.approx(shown.plane.half_widths.min())


def test_balls_found_one_by_one_are_those_found_together() -> None:
    shown = here("fig2")
    at = (shown.problem, shown.theta, "kl", shown.plane, [0.01, 0.1])
    _, balls = finish(one_by_one(*at))
    together = balls_of(*at)
    for name in ("radii", "boundary", "minimisers", "interior", "angles"):
        assert_allclose(getattr(balls, name), getattr(together, name), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("problem", ["fig1", "saturation", "fig2"])
def test_the_window_holds_small_balls(problem: str) -> None:
    shown = here(problem)
    p = finish(descent.picture_work(shown.spot, 0.01, "kl"))
    low, high = np.array([p.window.x, p.window.y]).T
    for balls in p.balls:
        assert ((balls.boundary > low) & (balls.boundary < high)).all()


def test_the_angles_are_said_for_the_largest_and_the_smallest_ball() -> None:
    shown = here("saturation")
    p = finish(descent.picture_work(shown.spot, 0.4, "kl"))
    said = plain(look("descent", "saturation"))
    for balls in p.balls:
        for k in (np.argmin(balls.radii), np.argmax(balls.radii)):
            assert f"{balls.angles[k]:.3g}°" in said
    a, b = (balls.limit / np.linalg.norm(balls.limit) for balls in p.balls)
    apart = np.degrees(np.abs(np.arctan2(a[0] * b[1] - a[1] * b[0], a @ b)))
    assert f"The two limits are {apart:.3g}° apart" in said


def test_at_the_minimum_no_descent_is_left() -> None:
    theta = here("fig1").problem.theta_star.tolist()
    assert "no direction of descent is left" in plain(look("descent", "fig1", theta))


def test_of_many_examples_the_first_ones_are_used_and_that_is_said() -> None:
    at = look("descent", "fig2", None, {"N": 5000})
    assert f"the first {EXAMPLES:,} examples" in at.caption[-1].value
    assert "examples" not in look("descent", "fig2").caption[-1].value


def test_a_click_among_the_balls_moves_theta() -> None:
    store: Any = Held()
    descent.clicked(store, here("fig1"), Click(1, 0.5, 0.5))
    assert not store.values
    descent.clicked(store, here("fig1"), Click(0, 1.25, -0.5))
    assert store.values == {"theta": ((1.25, -0.5),)}
