"""What the apps beside which efviz is measured show."""

import apps
import pytest
from numpy.testing import assert_array_equal
from peers.panels import HIGH, LOW, STEP, STOPS, panels

from efviz.dashboard.pages.vector_fields.page import CHART, PAGE
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session.page import View


def test_they_show_the_panels_of_the_page_at_its_defaults() -> None:
    settings = VectorFieldsSettings.of(damping=0.1)
    of_page = View(PAGE, settings, seconds=60).call(CHART.call)
    made = panels(-1.0)
    assert list(made) == list(of_page) == ["Data", "GD", "NGD", "EFGD"]
    for title, spec in of_page.items():
        figure = made[title]
        assert [trace.name for trace in figure.data] == [trace["name"] for trace in spec["data"]]
        for drawn, trace in zip(figure.data, spec["data"], strict=True):
            assert_array_equal(drawn.x, trace["x"])
            assert_array_equal(drawn.y, trace["y"])
        shapes = spec["layout"].get("shapes", [])
        assert [drawn.path for drawn in figure.layout.shapes] == [one["path"] for one in shapes]


def test_the_benchmark_drags_to_the_end_of_their_slider() -> None:
    assert {peer.slider.last for peer in apps.PEERS} == {STOPS - 1}


@pytest.mark.parametrize(
    ("stop", "neighbour"), [(LOW, LOW + STEP), (0.0, STEP), (HIGH - STEP, HIGH)]
)
@pytest.mark.parametrize("method", ["NGD", "EFGD"])
def test_every_stop_draws_other_arrows(method: str, stop: float, neighbour: float) -> None:
    one, other = (panels(at)[method].layout.shapes[0].path for at in (stop, neighbour))
    assert one != other
