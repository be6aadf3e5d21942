"""The pages, one folder each; `registry` lists them."""

from efviz.dashboard.pages.registry import PAGES
from efviz.extensions import register_installed

# Pages list what the tables hold when they are imported.
register_installed()

__all__ = ["PAGES"]
