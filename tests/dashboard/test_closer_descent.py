"""The closer look at steepest descent: its balls, and the angles in its sentence."""

from dataclasses import replace

import numpy as np
import pytest
from test_closer import here, look, plain
from visiting import held

from efviz.dashboard.components import Click
from efviz.dashboard.pages.matrices.closer import descent as descent
from efviz.dashboard.pages.matrices.settings import MatricesSettings
from efviz.studies.equal_steps import EXAMPLES


@pytest.mark.parametrize("problem", ["fig1", "saturation", "fig2"])
def test_the_window_holds_small_balls(problem: str) -> None:
    shown = here(problem, c_radius=0.01)
    window = shown.found("window")
    low, high = np.array([window.x, window.y]).T
    for balls in shown.found("balls"):
        assert ((balls.boundary > low) & (balls.boundary < high)).all()


def test_the_sentence_gives_the_angles_of_the_largest_and_the_smallest_ball() -> None:
    found = here("saturation").found("balls")
    said = plain(look("descent", "saturation"))
    for balls in found:
        for k in (np.argmin(balls.radii), np.argmax(balls.radii)):
            assert f"{balls.angles[k]:.3g}°" in said
    a, b = (balls.limit / np.linalg.norm(balls.limit) for balls in found)
    apart = np.degrees(np.abs(np.arctan2(a[0] * b[1] - a[1] * b[0], a @ b)))
    assert f"The two limits are {apart:.3g}° apart" in said


def test_at_the_minimum_there_is_no_direction_of_descent() -> None:
    theta = here("fig1").problem.theta_star.tolist()
    assert "there is no direction of descent" in plain(look("descent", "fig1", theta))


def test_balls_of_many_examples_use_the_first_ones_and_say_so() -> None:
    at = look("descent", "fig2", n="5000")
    assert f"the first {EXAMPLES:,} examples" in at.caption[-1].value
    assert "examples" not in look("descent", "fig2").caption[-1].value


def test_a_click_in_the_panel_of_balls_moves_theta() -> None:
    before = MatricesSettings.of()
    shown = held(before, plane=here("fig1").plane)
    descent.clicked(shown, Click(1, 0.5, 0.5))
    assert shown.store.settings == before
    descent.clicked(shown, Click(0, 1.25, -0.5))
    assert shown.store.settings == replace(before, theta=((1.25, -0.5),))
