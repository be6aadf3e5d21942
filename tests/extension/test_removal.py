"""An extension that is removed leaves no trace."""

from typing import Any

import things

from efviz.curvature.matrices import keys_by_short
from efviz.curvature.vocabulary import VOCABULARY
from efviz.dashboard.session.scripts import _extensions
from efviz.extensions.registration import TABLES, register
from efviz.figures.theme import dark_colours, style_of
from efviz.optimizers import METHODS
from efviz.optimizers.stochastic import on_minibatches
from efviz.problems.own import REGRESSIONS


def everything() -> dict[str, Any]:
    """What pages, figures, scripts and the command line read."""
    return {
        **{table.noun: dict(table.entries) for table in TABLES},
        "vocabulary": dict(VOCABULARY),
        "regressions": dict(REGRESSIONS),
        "on mini-batches": list(on_minibatches()),
        "short": keys_by_short(),
        "colours": dark_colours(),
        "styles": {name: style_of(name) for name in METHODS},
        "scripts": _extensions(),
    }


def test_an_extension_that_is_removed_leaves_no_trace():
    before = everything()
    registered = [register(name, one) for name, one in things.DECLARATIONS]
    during = everything()
    changed = {name for name, value in before.items() if during[name] != value}
    assert changed >= {"matrix", "method", "likelihood", "model", "data set", "problem", "scripts"}
    assert changed >= {"regressions", "on mini-batches", "short", "styles"}
    for one in registered:
        one.remove()
    assert everything() == before
