"""An app of one chart: points drawn as one path that can be dragged, beside their mirror."""

from pathlib import Path

import streamlit as st

from efviz.dashboard.server import assets

app = st.App(Path(__file__).with_name("page.py"), routes=assets.routes())
