"""The settings of the page Four matrices."""

from dataclasses import dataclass

from efviz.curvature import LABEL_SOURCES
from efviz.curvature.splits import SPLITS
from efviz.curvature.vocabulary import VOCABULARY
from efviz.dashboard.pages.matrices.closer import SECTIONS
from efviz.dashboard.pages.matrices.closer.descent import ORDERS
from efviz.dashboard.pages.matrices.closer.residuals import options
from efviz.dashboard.pages.matrices.closer.words import titled
from efviz.dashboard.pages.matrix_settings import matrices_setting
from efviz.dashboard.pages.method_settings import damping_setting, step_size_setting
from efviz.dashboard.session.kinds import Choice, Number, Sofar
from efviz.dashboard.session.pins import pin_setting
from efviz.dashboard.session.problem_choice import examples, last_example
from efviz.dashboard.session.problem_settings import EditableSettings
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.theta_choice import Theta, theta_setting
from efviz.dashboard.session.widgets import NumberInput, Select, Slider
from efviz.studies.equal_steps import LEAST, MOST
from efviz.studies.four_matrices import USUAL
from efviz.studies.residuals import RESIDUAL_PATHS

MOST_LABELS = 10_000

TABS = {
    "entries": "Entries and distances",
    "example": "How EF and F are built",
    "labels": "Whose label is it?",
    "closer": "A closer look",
}
"""What is shown below the picture, one at a time."""

SHOWN_IN = {
    "closer": ("closer", "c_split", "c_path", "c_matrix", "c_radius", "c_order"),
    "labels": ("source", "M"),
    "example": ("example", "step_size", "damping"),
}
"""The settings that are seen in one tab only."""


def implied(settings: Sofar) -> str:
    """The tab that shows settings which are not at their defaults, as links without one mean."""
    declared = MatricesSettings.declared()
    for tab, names in SHOWN_IN.items():
        if any(getattr(settings, name) != declared[name].default(settings) for name in names):
            return tab
    return next(iter(TABS))


@dataclass(frozen=True)
class PictureSettings(EditableSettings):
    """The settings of the first chart, the only ones that are pinned."""

    theta: Theta = theta_setting()
    example: int = setting(
        "Example n",
        Number(0, last_example, integer=True),
        0,
        query="row",
        shown=NumberInput(step=1),
        help="A click in the data panel chooses the nearest example. Examples are numbered from 0, "
        "like the rows of the data; added examples come last.",
    )
    matrices: tuple[str, ...] = matrices_setting(USUAL)

    @property
    def keys(self) -> tuple[str, ...]:
        """The setting `matrices`, under which name the page has the matrices themselves."""
        return self.matrices


@dataclass(frozen=True)
class MatricesSettings(PictureSettings):
    step_size: float = step_size_setting(
        "Step size γ",
        "γ of θ − γ (B + λ I)⁻¹ ∇L, the same for all three methods.",
        kept=True,
    )
    damping: float = damping_setting(
        "λ I is added to F and EF before they are inverted.", kept=True
    )
    source: str = setting(
        "Labels",
        Choice(lambda _: tuple(LABEL_SOURCES)),
        "sampled",
        query="labels",
        shown=Select({key: one.title for key, one in LABEL_SOURCES.items()}, segments=True),
        kept=True,
    )
    M: int = setting(
        "Labels M",
        Number(1, MOST_LABELS, integer=True),
        10,
        query="m",
        shown=Slider(0.25, log=True),
        help="Labels drawn from the model for each example. A click in the chart also chooses M.",
        kept=True,
    )
    batch_size: int = setting(
        "Batch size B",
        Number(1, examples, integer=True),
        examples,
        query="batch",
        shown=Slider(0.2, log=True),
        help="Examples whose gradients are averaged before they are squared: 1 for the empirical "
        "Fisher, N for the square of the mean gradient.",
    )
    closer: str = setting(
        "Topic",
        Choice(lambda _: tuple(SECTIONS)),
        next(iter(SECTIONS)),
        shown=Select({key: section.title for key, section in SECTIONS.items()}, segments=True),
        kept=True,
    )
    c_split: str = setting(
        "Split",
        Choice(lambda _: tuple(SPLITS)),
        "canonical",
        query="csplit",
        shown=Select({key: f"{one.title} ({one.equation})" for key, one in SPLITS.items()}),
        help="A split writes the loss of an example as a(b(θ)). Its GGN linearises b only.",
    )
    c_path: str = setting(
        "Path",
        Choice(options),
        lambda settings: options(settings)[0],
        query="cway",
        shown=Select({key: path.title for key, path in RESIDUAL_PATHS.items()}, segments=True),
    )
    c_matrix: str = setting(
        "Matrix",
        Choice(lambda _: tuple(VOCABULARY)),
        "empirical_fisher",
        query="cmatrix",
        shown=Select({key: titled(key, term) for key, term in VOCABULARY.items()}),
    )
    c_radius: float = setting(
        "Radius r",
        Number(LEAST, MOST),
        0.4,
        query="crad",
        shown=Slider(0.1, log=True),
        help="The length of the step in the limit, in half-widths of the plane. Each distance gets "
        "the radius for which its step has this length. The window adapts to the balls.",
    )
    c_order: str = setting(
        "Divergence",
        Choice(lambda _: tuple(ORDERS)),
        "kl",
        query="ckl",
        shown=Select(ORDERS, segments=True),
        help="The divergence is not symmetric. In both orders, its Hessian at δ = 0 is the Fisher.",
    )
    tab: str = setting(
        "Look at",
        Choice(lambda _: tuple(TABS)),
        implied,
        shown=Select(TABS, segments=True),
        kept=True,
    )
    pin: str = pin_setting(PictureSettings)
