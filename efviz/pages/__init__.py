"""The pages of the dashboard. PAGES lists them in the order of the navigation."""

from efviz.pages import vector_fields
from efviz.pages.registry import Page

PAGES: dict[str, Page] = {
    page.slug: page for page in (Page(vector_fields.TITLE, vector_fields.SLUG, vector_fields.main),)
}
