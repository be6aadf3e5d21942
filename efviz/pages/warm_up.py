"""Start-up work: what the first visitor would otherwise wait for."""

from efviz.components import assets
from efviz.fields import finish
from efviz.pages import vector_fields


def warm_up() -> None:
    """Compile or load the inner loops, import what figures need, compress the assets."""
    from efviz.pages.params import defaults

    assets.warm_up()
    controls = vector_fields.Controls.of(defaults(vector_fields.PARAMS))
    finish(progress.fraction for progress in vector_fields.work(controls))
