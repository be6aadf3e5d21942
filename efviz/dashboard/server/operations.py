"""For operators: readiness, logs as JSON lines, version and commit.

Liveness is Streamlit's own /_stcore/health. No log line holds an address, a query or a value
entered by a visitor: exceptions are logged with their type and traceback, but without the message.
"""

import json
import logging
import os
import subprocess
import sys
import time
import traceback
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from efviz import __version__
from efviz.dashboard.server import assets, compat

_OF_SERVER = ("uvicorn", "streamlit", "websockets", "starlette")
_LOG = logging.getLogger("efviz")
_state = {"ready": False}


@cache
def commit() -> str:
    """The first 12 digits of the commit, from EFVIZ_COMMIT or else from git; "" if unknown."""
    given = os.environ.get("EFVIZ_COMMIT", "").strip()
    if given:
        return given[:12]
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return ""
    try:
        found = subprocess.run(
            ["git", "-C", root, "rev-parse", "--short=12", "HEAD"],
            capture_output=True, encoding="utf-8", timeout=5, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()


def title() -> str:
    """ "efviz 0.1.0, commit 0123456789ab", with the commit if it is known."""
    words = f"efviz {__version__}"
    return f"{words}, commit {commit()}" if commit() else words


def set_ready(ready: bool) -> None:
    """Set what the readiness route reports from now on."""
    _state["ready"] = ready
    _LOG.info("ready" if ready else "stopping")


def _ready(_: Request) -> Response:
    ready = _state["ready"]
    content = {"ready": ready, "version": __version__, "commit": commit()}
    return JSONResponse(content, 200 if ready else 503, {"Cache-Control": "no-store"})


def routes() -> list[Route]:
    return [Route(f"{assets.base_path()}/efviz-ready", _ready)]


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "commit": commit(),
        }
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            line["exception"] = kind.__name__
            line["at"] = [
                f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(trace)[-8:]
            ]
        # The messages of efviz are constants; those of the server may identify a visitor.
        ours = record.name.split(".")[0] == "efviz"
        line["message"] = record.getMessage() if ours else str(record.msg).partition("\n")[0]
        return json.dumps(line)


def log_as_json() -> None:
    """Log to standard output: all of the server and efviz, and warnings or worse of others."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        if name.split(".")[0] in _OF_SERVER:
            for other in list(logger.handlers):
                logger.removeHandler(other)
            logger.propagate = True
            # On the logger, because a changed config.toml makes Streamlit reset handlers and
            # levels.
            logger.addFilter(_unless_a_visitor_is_named)
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)
    _LOG.setLevel(logging.INFO)
    # The warm-up runs the code of pages without a visitor.
    logging.getLogger(compat.WITHOUT_A_VISITOR).setLevel(logging.ERROR)


def _unless_a_visitor_is_named(record: logging.LogRecord) -> bool:
    """Drop the lines of uvicorn on single connections, which hold addresses and queries."""
    return not (record.name.startswith("uvicorn") and record.levelno < logging.WARNING)
