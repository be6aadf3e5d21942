"""The app as `streamlit run app.py` serves it, from any folder."""

import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

import efviz

_PACKAGE = Path(efviz.__file__).parent


def app_file() -> Path:
    """app.py, with `.streamlit` beside it: in an installed package, else above it."""
    installed = _PACKAGE / "served" / "app.py"
    return installed if installed.is_file() else _PACKAGE.parent / "app.py"


def serve(options: Sequence[str] = ()) -> int:
    """Serve the dashboard until it is stopped; `options` are those of `streamlit run`.

    Streamlit reads the configuration beside the script whatever the current folder is, and lets
    environment variables and options override it.
    """
    sys.argv = ["streamlit", "run", str(app_file()), *options]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
    return 0
