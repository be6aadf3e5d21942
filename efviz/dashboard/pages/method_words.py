"""The formulas of the methods, from their declarations."""

from efviz.dashboard.session.foreign import plain
from efviz.numbers import listed, number
from efviz.optimizers import METHODS
from efviz.optimizers.methods import Method


def update_rule() -> str:
    """The update of every registered method, in Markdown."""
    named = {name: (method, method.matrix) for name, method in METHODS.items()}
    with_matrix = [
        f"$B = {matrix.symbol}$ for {plain(name)}{_power(method)}"
        for name, (method, matrix) in named.items()
        if matrix
    ]
    bare = [plain(name) for name, (method, matrix) in named.items() if not (matrix or method.rule)]
    own = [plain(name) for name, (method, _) in named.items() if method.rule]
    words = (
        r"$\theta_{t+1} = \theta_t - \gamma\,(B(\theta_t) + \lambda I)^{-1} \nabla L(\theta_t)$, "
        f"with {listed(with_matrix)}; {listed(bare)} {'use' if len(bare) > 1 else 'uses'} "
        r"$\nabla L(\theta_t)$ itself"
    )
    return f"{words}; {listed(own)} {_has(own)} a rule of {_its(own)} own" if own else words


def _power(method: Method) -> str:
    return "" if method.exponent == 1 else f" (to the power −{number(method.exponent)})"


def _has(names: list[str]) -> str:
    return "have" if len(names) > 1 else "has"


def _its(names: list[str]) -> str:
    return "their" if len(names) > 1 else "its"
