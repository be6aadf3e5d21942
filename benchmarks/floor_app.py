"""The baseline of the latency benchmark: one slider and one small native chart."""

import plotly.graph_objects as go
import streamlit as st

value = st.slider("value", 0.0, 1.0, 0.0, 0.01)
figure = go.Figure(go.Scatter(x=[0, 1], y=[value, 1 - value]))
figure.update_layout(height=200, title={"text": f"value {value:.2f}"})
st.plotly_chart(figure, key="chart")
