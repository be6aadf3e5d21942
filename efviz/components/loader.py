"""Registers a component whose JavaScript is a served file."""

from functools import cache
from typing import Any

import streamlit as st

from efviz.components import assets


@cache
def component(name: str) -> Any:
    """The renderer of `assets/<name>.js`: a tiny module that imports the real, cacheable one.

    Streamlit runs what a call returned as soon as that call is done if newer data have come
    meanwhile, which is no reason to remove anything: only the latest call may.
    """
    script = f"""
const module = import(new URL("{assets.url(f"{name}.js")}", document.baseURI));
const turns = new WeakMap();
export default async (component) => {{
  const {{ default: render }} = await module;
  const turn = (turns.get(component.parentElement) ?? 0) + 1;
  turns.set(component.parentElement, turn);
  const remove = await render(component);
  return () => turns.get(component.parentElement) === turn && remove();
}};"""
    return st.components.v2.component(f"efviz_{name}", js=script, isolate_styles=False)
