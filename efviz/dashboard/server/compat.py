"""Private parts of Streamlit and Plotly that efviz uses, all in one place.

tests/server/test_compat.py and tests/browser/test_browser_compat.py fail when any of them changes;
requirements.txt admits the versions that these tests ran on. The parts for the browser are in
compat.js and compat.css.
"""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg as BackMsg
from streamlit.proto.Common_pb2 import FileURLsResponse as FileURLsResponse
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg as ForwardMsg
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

HOST_CONFIG, WITHOUT_DIALOGS = "/_stcore/host-config", {"blockErrorDialogs": True}
"""The route of the settings of Streamlit's browser side, and the one that hides its dialogs."""
WITHOUT_A_VISITOR = "streamlit.runtime.scriptrunner_utils.script_run_context"
"""The logger that warns of code that runs without a visitor."""


def session_id() -> str | None:
    """The session whose script runs in this thread; None if there is none."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else None


def went_back() -> bool:
    """Whether the run in this thread follows the browser's Back or Forward."""
    context = get_script_run_ctx(suppress_warning=True)
    return bool(context and context.is_history_navigation)


def query_of_the_run() -> str:
    """The query of the address for which the run in this thread began."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.query_string if context else ""


def rerun_is_waiting() -> bool:
    """Whether a rerun, requested by the visitor, waits for the run in this thread to end.

    A fragment's run is not interrupted for the next one, so long work has to check.
    """
    context = get_script_run_ctx(suppress_warning=True)
    requests = context and context.script_requests
    return getattr(requests, "_state", None) is ScriptRequestType.RERUN


def forget_fragments_of_other_pages() -> None:
    """Drop a waiting run of a fragment of another page than the running one.

    A menu that closes on a click on a page link reports that after the page has changed. Streamlit
    would then run the missing fragment as its old page, and the browser would show an empty page.
    """
    context = get_script_run_ctx(suppress_warning=True)
    requests = context and context.script_requests
    if not context or not requests:
        return
    with requests._lock:
        waiting = requests._rerun_data
        if requests._state is ScriptRequestType.RERUN and (
            waiting.fragment_id_queue and waiting.page_script_hash != context.page_script_hash
        ):
            requests._state = ScriptRequestType.CONTINUE


def let_closed_sessions_go() -> int:
    """Release closed sessions that have expired; returns their number. Streamlit itself does so
    only when another session closes."""
    if not Runtime.exists():
        return 0
    storage = Runtime.instance()._session_mgr._session_storage  # type: ignore[attr-defined]
    return len(storage._cache.expire())


def uploaded_files() -> MemoryUploadedFileManager | None:
    """The manager of Streamlit's uploaded files; None while Streamlit does not run."""
    if not Runtime.exists():
        return None
    found = Runtime.instance().uploaded_file_mgr
    return found if isinstance(found, MemoryUploadedFileManager) else None


def first_page() -> str:
    """Streamlit's HTML, whose inline scripts the content security policy has to admit."""
    return files("streamlit").joinpath("static", "index.html").read_text(encoding="utf-8")


def first_page_named(title: str, tags: str) -> str:
    """Streamlit's HTML with this title, and these tags in place of its icon."""
    page = re.sub(r"<title>.*?</title>", lambda _: f"<title>{title}</title>", first_page(), count=1)
    return re.sub(r'<link rel="shortcut icon"[^>]*>', lambda _: tags, page, count=1)


def frontend() -> Traversable:
    """The folder of Streamlit's scripts, styles and fonts, which it serves below /static."""
    return files("streamlit").joinpath("static", "static")


def font() -> str:
    """The address of Streamlit's upright font below the root of the app."""
    media = frontend().joinpath("media").iterdir()
    name = next(one.name for one in media if one.name.startswith("SourceSansVF-Upright."))
    return f"static/media/{name}"


def frontend_modules(*names: str) -> list[str]:
    """The file names of Streamlit's JavaScript modules below /static/js, which carry a hash, and of
    all that they import, except what the first page asks for itself."""
    pattern = rf"({'|'.join(names)})\.[\w-]+\.js"
    there = (file.name for file in frontend().joinpath("js").iterdir())
    found = _with_imports(sorted(name for name in there if re.fullmatch(pattern, name)))
    known = set(first_modules())
    return [name for name in found if name not in known]


def first_modules() -> list[str]:
    """Those that the first page asks for itself."""
    return _with_imports(re.findall(r"/static/js/([\w.-]+\.js)", first_page()))


def _with_imports(names: list[str]) -> list[str]:
    found = [*names]
    for name in found:
        text = frontend().joinpath("js", name).read_text(encoding="utf-8")
        imported = re.findall(r"""\b(?:from|import)["']\./([\w.-]+\.js)["']""", text)
        found += dict.fromkeys(one for one in imported if one not in found)
    return found


def class_of(key: str) -> str:
    """The CSS class of the element with this key."""
    return f"st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', key)}"


def plotly_js() -> bytes:
    """The Plotly.js of the installed plotly package."""
    return files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()


def data_and_layout(figure: Any) -> dict[str, Any]:
    """The contents of a `go.Figure` with its arrays; to_plotly_json() encodes them in base64."""
    return {"data": figure._data, "layout": figure._layout}
