"""The script that Streamlit runs for every visitor, available from the start of the process."""

from importlib import import_module

import streamlit as st

from efviz.dashboard.server import preparation

# Always present, so that what follows keeps its place, and with it its state in the browser.
place = st.empty()
if not preparation.wait(seconds=2.0):
    words = "efviz is starting. The first start compiles its code, which takes half a minute."
    with place, st.spinner(words):
        preparation.wait()
import_module("efviz.dashboard.main").run()
