"""Two small Streamlit components: the chart (`chart`) and the slider that reports live (`slider`).

Their JavaScript lies in `assets/`; `assets.routes()` serves it with the app.
"""

from efviz.components.chart import Click, Frame, Touch, chart, pack_figures
from efviz.components.slider import slider

__all__ = ["Click", "Frame", "Touch", "chart", "pack_figures", "slider"]
