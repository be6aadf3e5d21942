"""The available models f(x, theta), by name."""

from efviz.problems.models.base import Model
from efviz.problems.models.linear import Contrast, Linear
from efviz.problems.models.saturation import Saturation

MODELS: dict[str, type[Model]] = {kind.name: kind for kind in (Linear, Contrast, Saturation)}
