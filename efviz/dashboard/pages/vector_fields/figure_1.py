"""Figure 1 of the paper, as the page Vector fields opens with it."""

from functools import cache

from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.pages.vector_fields.views import Controls, Picture, job_for


@cache
def figure_1() -> Picture:
    """All of it, computed once."""
    job = job_for(Controls.of(VectorFieldsSettings.of()))
    while not job.done:
        job.advance(1.0)
    assert job.progress.result is not None
    return job.progress.result
