"""The panels with Streamlit: `streamlit run streamlit_app.py`.

The slider of Streamlit sends its value when the mouse is released, and at every key press.
"""

import streamlit as st
from panels import HIGH, LOW, STEP, panels

st.set_page_config(layout="wide")
log_damping = st.slider("log₁₀ λ", LOW, HIGH, LOW, STEP)
for column, (title, figure) in zip(st.columns(4), panels(log_damping).items(), strict=True):
    column.plotly_chart(figure, key=title)
