"""The baseline of the load benchmark: one slider and one line of text."""

import streamlit as st

st.write(f"value {st.slider('value', 0.0, 1.0, 0.0, 0.01):.2f}")
