"""Figure 1 of the paper, as the page Vector fields opens with it."""

from functools import cache

from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.session.params import defaults


@cache
def figure_1() -> vector_fields.Picture:
    """All of it, computed once."""
    job = vector_fields.job_for(vector_fields.Controls.of(defaults(vector_fields.PARAMS)))
    while not job.done:
        job.advance(1.0)
    assert job.progress.result is not None
    return job.progress.result
