"""Figure 1 of the paper, as the page Vector fields opens with it."""

from functools import cache

from efviz.dashboard.pages.vector_fields.page import PARAMS
from efviz.dashboard.pages.vector_fields.views import Controls, Picture, job_for
from efviz.dashboard.session.jobs import result_of
from efviz.dashboard.session.params import defaults
from efviz.work import finish


@cache
def figure_1() -> Picture:
    """All of it, computed once."""
    return finish(result_of(job_for(Controls.of(defaults(PARAMS)))))
