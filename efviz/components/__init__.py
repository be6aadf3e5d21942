"""Three small Streamlit components: the chart, the slider that reports live, and the contrast.

Their JavaScript lies in `assets/`; `assets.routes()` serves it with the app.
"""

from efviz.components.chart import Click, Frame, Touch, chart, pack_figures
from efviz.components.contrast import contrast
from efviz.components.slider import slider

__all__ = ["Click", "Frame", "Touch", "chart", "contrast", "pack_figures", "slider"]
