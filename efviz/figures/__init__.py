"""Results as Plotly figures: functions of a result that compute nothing and know no pages."""

from efviz.figures.theme import dark_colours

__all__ = ["dark_colours"]
