"""efviz: where the empirical Fisher stops being the Fisher.

The rooms, each importing only from those above it: `breaks` (where long loops give way), `arrays`
(types, symmetric matrices), `numbers` (as people read them), `lazy` (properties computed once),
`work` (computations that can be put down), `files` (files that appear whole), `numerics` (compiled
sums, damped systems, rank), `datasets` (what is fitted, own tables too), `problems` (likelihood,
model, loss, minimum), `curvature` (H, G, F and EF), `optimizers` (a method is a preconditioner;
runs), `fields` (planes and fields), `sweeps` (whole grids of runs), `results` (Table 6 again),
`studies` (what a page shows, as a function), `paper` (every claim, checked), `command` (the command
line), `figures` (numbers as Plotly figures), `dashboard` (everything that knows Streamlit). The
rooms down to `command` need neither Plotly nor Streamlit.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from efviz.curvature import CURVATURES, LABEL_SOURCES
    from efviz.datasets import DATASETS, load
    from efviz.optimizers import METHODS, run
    from efviz.problems import LIKELIHOODS, MODELS, PROBLEMS

__all__ = [
    "CURVATURES",
    "DATASETS",
    "LABEL_SOURCES",
    "LIKELIHOODS",
    "METHODS",
    "MODELS",
    "PROBLEMS",
    "load",
    "run",
]
__version__ = "0.1.0"

_HOMES = {
    "CURVATURES": "curvature",
    "DATASETS": "datasets",
    "LABEL_SOURCES": "curvature",
    "LIKELIHOODS": "problems",
    "METHODS": "optimizers",
    "MODELS": "problems",
    "PROBLEMS": "problems",
    "load": "datasets",
    "run": "optimizers",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, then: numba and scipy alone take a second, the server has none."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
