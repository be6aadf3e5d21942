"""efviz: where the empirical Fisher stops being the Fisher.

The rooms, each importing only from those above it: `breaks` (where long loops give way), `arrays`
(types, symmetric matrices), `style` (how a matrix is drawn), `numbers` (as people read them),
`shown` (how results print), `lazy` (properties computed once), `work` (computations that can be put
down), `files` (files that appear whole), `numerics` (compiled sums, damped systems, rank),
`datasets` (what is fitted, own tables too), `problems` (likelihood, model, loss, minimum),
`curvature` (H, G, F and EF), `optimizers` (a method is a preconditioner; runs), `fields` (planes
and fields), `sweeps` (whole grids of runs), `extensions` (declarations from outside), `results`
(Table 6 again), `studies` (what a page shows, as a function), `paper` (every claim, checked),
`command` (the command line), `figures` (numbers as Plotly figures), `dashboard` (everything that
knows Streamlit). The rooms down to `command` need neither Plotly nor Streamlit.
"""

from functools import cache
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from efviz.curvature import (
        CURVATURES,
        LABEL_SOURCES,
        Curvature,
        empirical_fisher,
        fisher,
        ggn,
        hessian,
        improved_empirical_fisher,
        mc_fisher,
    )
    from efviz.datasets import DATASETS, load
    from efviz.extensions import check, problem_from_arrays, problem_from_function, register
    from efviz.fields import vector_field
    from efviz.optimizers import METHODS, Method, direction, run
    from efviz.problems import (
        LIKELIHOODS,
        MODELS,
        PROBLEMS,
        Combination,
        Likelihood,
        Model,
        Problem,
        linear_regression,
        logistic_regression,
        poisson_regression,
        softmax_regression,
    )
    from efviz.sweeps import grid_search

__all__ = [
    "CURVATURES",
    "DATASETS",
    "LABEL_SOURCES",
    "LIKELIHOODS",
    "METHODS",
    "MODELS",
    "PROBLEMS",
    "Combination",
    "Curvature",
    "Likelihood",
    "Method",
    "Model",
    "Problem",
    "check",
    "direction",
    "empirical_fisher",
    "fisher",
    "ggn",
    "grid_search",
    "hessian",
    "improved_empirical_fisher",
    "linear_regression",
    "load",
    "logistic_regression",
    "mc_fisher",
    "poisson_regression",
    "problem_from_arrays",
    "problem_from_function",
    "register",
    "run",
    "softmax_regression",
    "vector_field",
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
    "Combination": "problems",
    "Curvature": "curvature",
    "Likelihood": "problems",
    "Method": "optimizers",
    "Model": "problems",
    "Problem": "problems",
    "check": "extensions",
    "direction": "optimizers",
    "empirical_fisher": "curvature",
    "fisher": "curvature",
    "ggn": "curvature",
    "grid_search": "sweeps",
    "hessian": "curvature",
    "improved_empirical_fisher": "curvature",
    "linear_regression": "problems",
    "load": "datasets",
    "logistic_regression": "problems",
    "mc_fisher": "curvature",
    "poisson_regression": "problems",
    "problem_from_arrays": "extensions",
    "problem_from_function": "extensions",
    "register": "extensions",
    "run": "optimizers",
    "softmax_regression": "problems",
    "vector_field": "fields",
}


@cache
def _extended() -> bool:
    """Whether an installed package has declarations for efviz."""
    return bool(metadata.entry_points(group="efviz.extensions"))


def __getattr__(name: str) -> Any:
    """Import what is asked for, then: numba and scipy alone take a second, the server has none."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _extended():
        import_module(f"{__name__}.extensions").register_installed()
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
