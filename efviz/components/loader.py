"""Registers a component whose JavaScript is a served file."""

from functools import cache
from typing import Any

import streamlit as st

from efviz.components import assets


@cache
def component(name: str) -> Any:
    """The renderer of `assets/<name>.js`: a tiny module that imports the real, cacheable one."""
    script = (
        f'const module = import(new URL("{assets.url(f"{name}.js")}", document.baseURI));\n'
        "export default async (component) => (await module).default(component);"
    )
    return st.components.v2.component(f"efviz_{name}", js=script, isolate_styles=False)
