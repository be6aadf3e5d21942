"""The panels of the player show the runs, their losses and their directions."""

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from test_figures import SHOWN, picture, trace

from efviz.figures.player import LOSSES, loss_panel, with_player
from efviz.figures.vector_fields import vector_field_panels
from efviz.optimizers import run
from efviz.studies.alignment import path_directions
from efviz.work import finish


def directions(p, start):
    paths = np.stack([t.thetas[start - 1] for t in p["trajectories"].values()])
    found = finish(path_directions(p["problem"], SHOWN, paths, damping=1e-3))
    return {path: {m: v[i] for m, v in found.items()} for i, path in enumerate(SHOWN)}


def played(p, start=2, known=True):
    return with_player(
        vector_field_panels(**p),
        p["problem"],
        p["trajectories"],
        scales=p["scales"],
        start=start,
        directions=directions(p, start) if known else None,
    )


@pytest.mark.parametrize("known", [True, False], ids=["with directions", "without"])
def test_every_panel_is_a_valid_figure_and_lists_its_moving_traces(known):
    p = picture("fig2")
    panels = played(p, known=known)
    assert list(panels) == ["Data", *SHOWN, LOSSES]
    steps = p["trajectories"]["GD"].steps
    for name in (*SHOWN, LOSSES):
        panel = panels[name]
        go.Figure(panel)
        play = panel["layout"]["meta"]["play"]
        assert_array_equal(play["steps"], steps)
        for moving in play["traces"]:
            # Whole runs of all recorded steps, with a gap after each.
            assert trace(panel, moving)["x"].size == 2 * (steps.size + 1)
        assert ("anatomy" in panel["layout"]["meta"]) == (known and name != LOSSES)


def test_the_anatomy_holds_the_directions_of_every_method_along_the_path():
    p = picture("fig1") | {"scales": {"GD": 0.5, "NGD": 1.0, "EFGD": 2.0}}
    anatomy = played(p)["EFGD"]["layout"]["meta"]["anatomy"]
    assert (anatomy["path"], anatomy["start"], anatomy["names"]) == ("EFGD", 2, list(SHOWN))
    assert anatomy["scales"] == [0.5, 1.0, 2.0]
    theta = p["trajectories"]["EFGD"].thetas[1]
    gradient = p["problem"].gradient(theta)
    assert_allclose(np.stack([anatomy["u"][0], anatomy["v"][0]], axis=-1), -gradient, rtol=1e-9)


def test_a_run_at_the_minimum_has_no_arrows():
    p = picture("fig1")
    p["trajectories"] = {
        name: run(p["problem"], name, p["starts"], step_size=1, n_steps=3) for name in SHOWN
    }
    anatomy = played(p)["NGD"]["layout"]["meta"]["anatomy"]
    # One full step of NGD solves least squares.
    lengths = np.hypot(anatomy["u"], anatomy["v"])
    assert (lengths[:, 0] > 0.01).all()
    assert_array_equal(lengths[:, 2:], 0)


@pytest.mark.parametrize("key", ["fig1", "fig2", "saturation"])
def test_the_loss_panel_shows_the_excess_of_every_run(key):
    p = picture(key)
    panel = loss_panel(p["problem"], p["trajectories"])
    lowest = p["problem"].loss(p["problem"].theta_star)
    for name, trajectory in p["trajectories"].items():
        drawn = trace(panel, name)
        x = drawn["x"].reshape(2, -1)[:, :-1]
        y = drawn["y"].reshape(2, -1)[:, :-1]
        assert_allclose(10**x - 1, [trajectory.steps] * 2, atol=1e-9)
        truth = trajectory.losses - lowest
        shown = np.isfinite(y)
        assert_allclose(y[shown], truth[shown], rtol=1e-12)
        assert (truth[~shown] <= p["problem"].minimum.rounding).all()
    low, high = panel["layout"]["yaxis"]["range"]
    every = np.concatenate([trace(panel, name)["y"] for name in SHOWN])
    every = np.log10(every[np.isfinite(every)])
    assert low < every.min()
    assert every.max() < high


def test_a_loss_below_its_rounding_is_a_gap():
    p = picture("fig1")
    steps = run(p["problem"], "NGD", p["starts"], step_size=1, n_steps=5)
    panel = loss_panel(p["problem"], {"NGD": steps})
    y = trace(panel, "NGD")["y"].reshape(2, -1)[:, :-1]
    # One full step solves least squares, so the remaining excess is rounding.
    assert np.isfinite(y[:, 0]).all()
    assert np.isnan(y[:, 2:]).all()


def test_a_loss_of_an_exact_fit_that_is_rounding_is_a_gap():
    p = picture("fig1", path="noise", strength=-1.0)
    steps = run(p["problem"], "NGD", p["starts"], step_size=1, n_steps=5)
    y = trace(loss_panel(p["problem"], {"NGD": steps}), "NGD")["y"].reshape(2, -1)[:, :-1]
    # The targets are about 4: their last digits alone are a loss of 1e-32.
    assert np.isfinite(y[:, 0]).all()
    assert np.isnan(y[:, 1:]).all()


def test_ticks_of_the_iterations_are_at_their_values():
    p = picture("fig1")
    x = loss_panel(p["problem"], p["trajectories"])["layout"]["xaxis"]
    said = [float(text.replace(",", "")) for text in x["ticktext"]]
    assert said[0] == 0
    assert said[-1] == 20
    assert_allclose(10 ** np.array(x["tickvals"]) - 1, said, atol=1e-9)
