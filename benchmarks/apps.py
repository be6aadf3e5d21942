"""The apps whose pictures `latency.py` times: pages of efviz, a baseline, and the peers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from repaints import ARROWS, REVISION, TITLE, Slider
from servers import HERE, ROOT, Server, running


@dataclass(frozen=True)
class App:
    """A page and one of its sliders. Every stop in `stops` draws another picture.

    `picture` is JavaScript that reads what is drawn. Keys are pressed at `link`, from the first of
    the stops. At every link in `fresh`, all stops have pictures of their own; without any, keys and
    mouse share the stops.
    """

    name: str
    picture: str
    slider: Slider
    stops: range
    link: str = ""
    fresh: tuple[str, ...] = ()


SEEDS = tuple(f"seed={seed}" for seed in range(1, 5))


def _page(slug: str, label: str, last: int, stops: range, settings: Sequence[str] = SEEDS) -> App:
    """A page of efviz with the slider of this label; `settings` change all of its pictures."""
    track = f".efviz-slider:has(label:text-is('{label}')) .range"
    links = tuple(f"{slug}?{setting}" for setting in settings)
    return App(slug, REVISION, Slider(track, track, 8, last), stops, slug, links)


STEPS = ("gd=1e-6", "gd=2e-6", "gd=3e-6")
PAGES = {
    app.name: app
    for app in (
        # Much smaller and larger dampings change nothing that can be seen.
        _page("vector-fields", "Damping λ", 81, range(13, 68)),
        _page("at-the-minimum", "Strength s", 55, range(56)),
        _page("four-matrices", "Strength s", 80, range(81)),
        _page("optimization", "Start θ₀ / θ*", 32, range(33), STEPS),
        _page("gradient-noise", "Strength s", 80, range(81)),
    )
}


def _streamlit(last: int) -> Slider:
    slider = "[data-testid='stSlider']"
    return Slider(f"{slider} input", f"{slider} div:has(> div > div > input)", 0, last)


FLOORS: dict[App, tuple[str, ...]] = {
    App("floor", TITLE, _streamlit(100), range(101)): (),
    App("floor, no GC", TITLE, _streamlit(100), range(101)): ("--runner.postScriptGC", "false"),
}
"""`floor_app.py` with options of Streamlit."""

STREAMLIT = (
    "-m streamlit run streamlit_app.py --server.port {port} --server.address 127.0.0.1 "
    "--server.headless true --server.fileWatcherType none --browser.gatherUsageStats false"
)
LAST = 180
"""The last stop of every peer: STOPS in `peers/panels.py`, from 0."""


def _peer(name: str, slider: Slider, link: str = "") -> App:
    return App(name, ARROWS, slider, range(LAST + 1), link)


_DASH = Slider("[role='slider']", ".dash-slider-root", 10, LAST)
_PANEL = Slider("[role='slider']", ".noUi-base", 0, LAST)
_SHINY = Slider(".irs-line", ".irs-line", 11, LAST)

PEERS: dict[App, str] = {
    _peer("Dash", _DASH): "dash_app.py",
    _peer("Dash in the browser", _DASH): "dash_browser_app.py",
    _peer("Panel", _PANEL, "panel_app"): "-m panel serve panel_app.py --port {port}",
    _peer("Shiny", _SHINY): "-m shiny run shiny_app.py --port {port}",
    _peer("Streamlit", _streamlit(LAST)): STREAMLIT,
}
"""What starts each app in `peers/`, after the name of a Python with the extra `peers`."""


@contextmanager
def served_peer(peer: App, port: int, python: str) -> Iterator[Server]:
    """Serve a peer, for which `python` finds the efviz of this checkout."""
    command = [python, *PEERS[peer].format(port=port).split()]
    environment = {"PYTHONPATH": str(ROOT), "PORT": str(port)}
    url = f"http://127.0.0.1:{port}"
    with running(command, url, folder=HERE / "peers", silent=True, **environment) as server:
        yield server
