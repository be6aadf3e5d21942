"""Start-up work: what the first visitor would otherwise wait for."""

from efviz.dashboard.pages import PAGES
from efviz.dashboard.pages.start import page as start
from efviz.dashboard.pages.vector_fields.page import STUDIES
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.server import assets, frontend, releases

# One problem computed from moments and one from examples: together they use all inner loops.
_PROBLEMS = ("fig1", "fig2")


def first_picture() -> None:
    """What the first page shows, before anything else is imported."""
    start.picture()


def warm_up() -> None:
    """Import all pages and what figures need, compile the inner loops, compress what is served."""
    first_picture()
    releases.release()
    assets.warm_up()
    frontend.warm_up()
    for page in PAGES.values():
        page.load()
    for problem in _PROBLEMS:
        STUDIES.everything(VectorFieldsSettings.of(problem=problem, n_steps=10))
    import pandas  # noqa: F401 - for own tables, and for what Streamlit shows as a table

    from efviz.dashboard.pages.at_minimum import page as at_minimum

    first = at_minimum.PAGE.settings.of()
    for name in ("losses", "moved_losses"):
        at_minimum.STUDIES.now(name, first)


def compile_all() -> None:
    """Everything that would be compiled at its first use: for building an image."""
    warm_up()
    from efviz.problems.catalogue import optimization_problem
    from efviz.studies.alignment import PAPER
    from efviz.sweeps import DAMPINGS, STEP_SIZES, grid_search

    for name in ("wine", "breast-cancer"):
        problem = optimization_problem(name)
        for method in PAPER:
            grid_search(problem, method, STEP_SIZES[::40], DAMPINGS[::10], n_steps=3, cache=False)
