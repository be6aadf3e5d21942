"""The pages, one folder each; `registry` lists them."""

from efviz.dashboard.pages.registry import PAGES

__all__ = ["PAGES"]
