"""The style of the pages and of the components on them, for `st.html`."""

from functools import cache
from importlib.resources import files

# Later rules win, so media rules come after the rules that they change.
_SHEETS = (
    "chart",
    "numbers",
    "slider",
    "page",
    "lesson",
    "glossary",
    "contrast",
    "media",
    "compat",
)


def style() -> str:
    """The style of every page."""
    return _wrapped(*_SHEETS)


def presenting() -> str:
    """The additional style of a page in presenter mode."""
    return _wrapped("presenting")


@cache
def _wrapped(*names: str) -> str:
    folder = files("efviz").joinpath("dashboard", "components", "assets")
    sheets = (folder.joinpath(f"{name}.css").read_text(encoding="utf-8") for name in names)
    return f"<style>{''.join(sheets)}</style>"
