"""The script that Streamlit runs for every visitor, from the first second of the process on."""

from importlib import import_module

import streamlit as st

from efviz.dashboard.server import preparation

# There also when nobody waits: what follows keeps its place, and with it its state in the browser.
place = st.empty()
if not preparation.wait(seconds=2.0):
    words = "efviz is starting. The very first start compiles: that takes half a minute."
    with place, st.spinner(words):
        preparation.wait()
import_module("efviz.dashboard.main").run()
