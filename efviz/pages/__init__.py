"""The pages of the dashboard. PAGES lists them in the order of the navigation."""

from efviz.pages import at_minimum, gradient_noise, matrices, optimization, paper, vector_fields
from efviz.pages.registry import Page

PAGES: dict[str, Page] = {
    module.SLUG: Page(module.TITLE, module.SLUG, module.main)
    for module in (vector_fields, at_minimum, matrices, optimization, gradient_noise, paper)
}
