"""The style of the pages and of the components on them, for `st.html`."""

from functools import cache
from importlib.resources import files

# Later rules win: what follows from the medium comes after what it changes.
_SHEETS = ("chart", "numbers", "slider", "media", "page", "contrast", "compat")


def style() -> str:
    """What every page wears."""
    return _wrapped(*_SHEETS)


def presenting() -> str:
    """What a page wears on a projector, in addition."""
    return _wrapped("presenting")


@cache
def _wrapped(*names: str) -> str:
    folder = files("efviz").joinpath("dashboard", "components", "assets")
    sheets = (folder.joinpath(f"{name}.css").read_text(encoding="utf-8") for name in names)
    return f"<style>{''.join(sheets)}</style>"
