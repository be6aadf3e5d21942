"""efviz: where the empirical Fisher stops being the Fisher.

The layers, each importing only from those above it: `breaks` (where long loops can be held up),
`lazy`, `compiling`, `writing` (files that appear whole), `terminal` (what a command says), `data`,
`edits` (single examples moved, added, removed), `numerics` (rank, digits beyond float64),
`kernels`, `softmax`, `linalg` (compiled loops, damped systems), `datasets` (what is fitted),
`likelihoods`, `models` (how), `batches`, `moments`,
`coordinates`, `existence`, `minimum`, `problems` and `catalogue` (all together: loss, gradient,
minimum), `tables` (the same from anybody's own file), `curvature` (H, G, F and EF), `vocabulary`
(what others call them), `splits` and `remainder_bound` (what each leaves out of H), `optimizers` (a
method is a preconditioner), `one_example` (what it adds), `fields` (pictures as numbers),
`steepest_descent` and `equal_steps` (two distances), `comparison`, `residuals` (towards
interpolation), `convergence`, `alignment` (EF and F at the minimum and on the way), `label_sources`
(whose label it is), `agreement` (why two matrices are equal), `gradient_noise` and `stochastic` (EF
as noise), `sweeps` (whole grids of runs), `results` (Table 6 again), `paper` (every claim,
checked), `figures` (numbers as Plotly figures), `serving` (the server around the pages),
`components`, `pages` (the dashboard). The layers down to `paper` need neither Plotly nor Streamlit.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from efviz.catalogue import PROBLEMS
    from efviz.curvature import CURVATURES
    from efviz.datasets import DATASETS, load
    from efviz.label_sources import LABEL_SOURCES
    from efviz.likelihoods import LIKELIHOODS
    from efviz.models import MODELS
    from efviz.optimizers import METHODS, run

__version__ = "0.1.0"

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
    "LABEL_SOURCES": "label_sources",
    "LIKELIHOODS": "likelihoods",
    "METHODS": "optimizers",
    "MODELS": "models",
    "PROBLEMS": "catalogue",
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
