"""The pages of the dashboard. PAGES lists them in the order of the navigation."""

from efviz.pages import (
    at_minimum,
    gradient_noise,
    lessons_page,
    optimization,
    start,
    vector_fields,
)
from efviz.pages.registry import Page

PAGES: dict[str, Page] = {
    module.SLUG: Page(module.TITLE, module.SLUG, module.main, getattr(module, "PARAMS", ()))
    for module in (start, vector_fields, at_minimum, optimization, gradient_noise, lessons_page)
}
