"""The closer looks at residuals going to zero and at Proposition 2."""

from dataclasses import replace

import numpy as np
import pytest
from test_closer import here, look, plain
from visiting import change_settings, open_page

from efviz.curvature.remainder_bound import RemainderBound
from efviz.dashboard.pages.matrices import page as matrices
from efviz.dashboard.pages.matrices.closer import bound as bound
from efviz.dashboard.pages.matrices.closer import residuals as residuals
from efviz.numbers import number
from efviz.studies.bound_on_path import POINTS, StraightPath
from efviz.studies.residuals import RESIDUAL_PATHS, ResidualPath

PATHS = {
    "fig1": ["noise", "parameters"],
    "fig2": ["margins", "parameters"],
    "poisson": ["parameters"],
    "softmax": ["margins", "parameters"],
    "saturation": ["noise", "parameters"],
}


@pytest.mark.parametrize("problem", PATHS)
def test_paths_that_apply_are_offered_and_the_others_are_explained(problem: str) -> None:
    at = look("residuals", problem)
    offered = [option.content for option in at.segmented_control[0].proto.options]
    assert offered == [RESIDUAL_PATHS[key].title for key in PATHS[problem]]
    assert at.segmented_control[0].value == PATHS[problem][0]
    for key in set(RESIDUAL_PATHS) - set(PATHS[problem]):
        assert RESIDUAL_PATHS[key].obstacle(here(problem).problem) in at.caption[0].value


@pytest.mark.parametrize(
    ("problem", "name"), [(problem, name) for problem, names in PATHS.items() for name in names]
)
def test_on_every_path_ef_vanishes_and_the_hessian_becomes_the_fisher(
    problem: str, name: str
) -> None:
    path = here(problem, c_path=name).found("residuals")
    assert path.residual[-1] < 1e-2 * path.residual[0]
    assert path.ef[-1] < 2e-3 * path.ef[0]
    assert path.ef_minus_f[-1] == pytest.approx(1, abs=2e-3)
    assert path.h_minus_f[-1] <= 1e-2 * path.h_minus_f[0]
    said = residuals.sentence(name, path)
    assert f"<b>{number(path.ef[0])}</b>" in said
    assert "as far from F as zero is" in said


def test_a_path_that_no_longer_applies_is_replaced() -> None:
    at = look("residuals", "fig1", cway="noise")
    change_settings(at, "lab", c_path="margins")
    at.run()
    assert not at.exception
    assert at.session_state["lab"].c_path == "noise"


def test_an_exact_fit_says_that_there_is_nothing_to_draw() -> None:
    at = look("residuals", "fig4", s="-1")
    assert "already fits every example exactly" in plain(at)


def path(ef: list[float]) -> ResidualPath:
    ones = np.ones(len(ef))
    return ResidualPath(
        "margin t", np.arange(1.0, 1 + len(ef)), ones, ones, np.array(ef), 0 * ones, ones
    )


def test_a_rise_along_the_path_is_mentioned() -> None:
    assert "EF vanishes faster." in residuals.sentence("margins", path([3, 2, 1]))
    said = residuals.sentence("margins", path([3, 1, 2, 2.5, 0.1]))
    assert "only in the end" in said
    assert "2.5 at t = 4" in said


def test_steps_without_a_minimum_are_counted() -> None:
    assert "At 1 of 3 steps" in residuals.sentence("noise", path([3, np.nan, 1]))
    assert residuals.nothing(path([np.nan, np.nan])).startswith(
        "Along this path there is no minimum"
    )


def test_the_sentence_says_where_the_square_fails_and_that_the_bound_holds() -> None:
    shown = here("saturation")
    b = shown.found("bound")
    assert not b.proved_fails.any()
    assert b.printed_fails.any()
    said = plain(look("bound", "saturation"))
    assert f"holds at all {POINTS} points" in said
    assert f"fails at {100 * b.printed_fails.mean():.0f}\u202f% of the points" in said
    first, last = b.length[b.printed_fails][[0, -1]]
    assert f"at distances {first:.3g} to {last:.3g} from its start" in said


THERE = StraightPath(np.zeros(2), np.ones(2), "there")


def made(norm: float, N: int = 10) -> RemainderBound:
    thetas = np.linspace([0, 0], [1, 0], 3)
    return RemainderBound(thetas, N, thetas[0], thetas[-1], 2.0, np.full(3, norm), np.ones(3))


def test_the_sentence_follows_the_numbers() -> None:
    assert "The printed square holds along this path too" in bound.sentence(made(0.1), THERE)
    assert "<b>fails everywhere</b>" in bound.sentence(made(1.0), THERE)
    assert "up to 5 times r β" in bound.sentence(made(1.0), THERE)
    assert "the proved bound fails at <b>3</b> of 3" in bound.sentence(made(3.0), THERE)
    none = replace(made(0.0), residual=np.zeros(3))
    assert "both sides are 0" in bound.sentence(none, THERE)


def test_a_linear_model_offers_the_nonlinear_one_and_the_section_stays() -> None:
    at = open_page(matrices.SLUG, problem="fig2", n="100", closer="bound", M="2", csplit="identity")
    button = next(b for b in at.button if "nonlinear model" in b.label)
    button.click().run()
    assert not at.exception
    settings = at.session_state[matrices.SLUG]
    assert settings.problem == "saturation"
    assert (settings.closer, settings.c_split, settings.N) == ("bound", "identity", 100)
    assert settings.c_path == "noise"
    assert not at.warning
