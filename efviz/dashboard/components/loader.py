"""The registration of components whose JavaScript is a served file."""

import json
from functools import cache
from typing import Any

import streamlit as st

from efviz.dashboard.server import assets


def script(url: str) -> str:
    """A small module that imports the cacheable module and orders its calls."""
    return f"""
const modules = [{json.dumps(assets.url("order.js"))}, {json.dumps(url)}];
const loaded = Promise.all(modules.map((url) => import(new URL(url, document.baseURI))));
export default async (component) => {{
  const [{{ default: inOrder }}, {{ default: render }}] = await loaded;
  return inOrder(render, component);
}};"""


@cache
def component(name: str) -> Any:
    """The renderer of `assets/<name>.js`."""
    return st.components.v2.component(
        f"efviz_{name}", js=script(assets.url(f"{name}.js")), isolate_styles=False
    )
