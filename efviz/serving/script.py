"""The script that Streamlit runs for every visitor, from the first second of the process on."""

from importlib import import_module

from efviz.serving import preparation

preparation.wait()
import_module("efviz.pages.main").run()
