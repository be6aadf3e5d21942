"""The pages of the dashboard. PAGES lists them in the order of the navigation."""

from efviz.pages import (
    at_minimum,
    gradient_noise,
    lessons_page,
    matrices,
    optimization,
    paper,
    start,
    vector_fields,
)
from efviz.pages.registry import Page

MODULES = (
    start,
    vector_fields,
    at_minimum,
    matrices,
    optimization,
    gradient_noise,
    paper,
    lessons_page,
)

PAGES: dict[str, Page] = {
    module.SLUG: Page(module.TITLE, module.SLUG, module.main, getattr(module, "PARAMS", ()))
    for module in MODULES
}
