"""Vector fields: an interactive version of the paper's Figure 1."""

from dataclasses import replace

from efviz.dashboard.components import Frame
from efviz.dashboard.pages.method_settings import inputs_of_methods
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.pages.vector_fields import words
from efviz.dashboard.pages.vector_fields.limits import limits
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.pages.vector_fields.starts import clicked, starts_table, touched
from efviz.dashboard.session.blocks import Chart, Line, More, Words, scales_in_use
from efviz.dashboard.session.data_edits import after_touch, edits
from efviz.dashboard.session.given import TWO_PARAMETERS
from efviz.dashboard.session.page import Page, Preset, Shown
from efviz.dashboard.session.problem_widgets import drawn, problem_row
from efviz.dashboard.session.studies import Call, Studies
from efviz.figures.player import field_panels
from efviz.optimizers.methods import varied
from efviz.studies.field_comparison import compare_fields
from efviz.studies.plane import plane_shown
from efviz.studies.vector_fields import (
    path_anatomy,
    relative_scales,
    start_points,
    trajectories,
)

SLUG = "vector-fields"

STUDIES = Studies(
    VectorFieldsSettings,
    TWO_PARAMETERS,
    {
        "plane": plane_shown,
        "used": varied,
        "fields": Call(compare_fields, {"methods": "used"}, fixed={"fine": 31}),
        "scales": Call(relative_scales, {"given": "given_scales"}),
        "theta_0": start_points,
        "paths": Call(trajectories, {"methods": "used"}, fixed={"record": 160}),
        "anatomy": Call(path_anatomy, {"methods": "used", "trajectories": "paths"}),
    },
)


def frame(shown: Shown) -> Frame:
    """The current state of the player."""
    settings = shown.settings
    return Frame(settings.at, min(settings.followed, len(shown.view.result("theta_0"))))


def keep_frame(shown: Shown, frame: Frame) -> None:
    """Keep where the player stopped, so that the link says so."""
    settings: VectorFieldsSettings = shown.store.settings
    starts = settings.starts or shown.view.result("theta_0")
    at, followed = min(frame.at, settings.n_steps), min(frame.of, len(starts))
    shown.store.put(replace(settings, at=at, followed=followed), gesture="player")


CHART = Chart(
    Call(field_panels, {"trajectories": "paths", "directions": "anatomy"}),
    look=lambda panels: {"min_width": 230},
    click=clicked,
    touch=touched,
    after_touch=after_touch,
    frame=frame,
    rest=keep_frame,
    pinned=True,
    compared=words.compared,
)
SENTENCE = Words(Call(words.sentence, {"trajectories": "paths"}))
PRECONDITIONER = Words(words.preconditioner)
TABLE = Words(Call(words.table, {"trajectories": "paths"}))

PAGE = Page(
    PAGES[SLUG].title,
    SLUG,
    VectorFieldsSettings,
    STUDIES,
    presets=(
        Preset("Paper Fig. 1, as published", lambda now: now.reset(problem="fig1", step_size=1e-3)),
        Preset(
            "Fig. 1 with the printed step size",
            lambda now: now.reset(problem="fig1", step_size=1e-4),
        ),
    ),
    controls=(problem_row("damping", "step_size"),),
    body=(
        CHART,
        SENTENCE,
        TABLE,
        Line(("play", "cosines", "editing")),
        edits,
        More(
            "More settings: methods, data, starts, arrows, plane",
            (
                ("methods", drawn("N", "seed"), "n_steps"),
                ("density", "lengths", inputs_of_methods("scale"), scales_in_use),
                (starts_table, limits),
            ),
        ),
        More(
            "Preconditioner: exponent, structure, damping, units",
            (("exponent", "structure"), ("unit", "metric"), ("relative", PRECONDITIONER)),
            "preconditioner",
        ),
    ),
    foot=(words.equations,),
    waits={"fields": "the fields", "paths": "the trajectories", "anatomy": "the steps"},
    follow=(CHART, SENTENCE, TABLE),
)
