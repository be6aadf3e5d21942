"""The dashboard: `main` runs for every visitor, `registry` lists the pages, one file a page."""

from efviz.dashboard.pages.registry import PAGES

__all__ = ["PAGES"]
