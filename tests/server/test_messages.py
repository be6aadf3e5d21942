"""Of what a browser may send, the socket takes what the app uses; every type is decided here."""

from typing import Any
from urllib.parse import parse_qs

import pytest
from coroutines import finish
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from visiting import open_page

from efviz.dashboard.server import messages
from efviz.dashboard.server.messages import (
    LARGEST,
    LONGEST_LINK,
    MOST_SETTINGS,
    TOO_LONG,
    Messages,
    passed,
    withheld,
)

PASSED = {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request"}
LEFT_OUT = {
    "clear_cache", "set_run_on_save", "load_git_info", "debug_disconnect_websocket",
    "debug_shutdown_runtime",
}  # fmt: skip


def message(kind: str) -> BackMsg:
    found = BackMsg()
    if BackMsg.DESCRIPTOR.fields_by_name[kind].message_type:
        getattr(found, kind).SetInParent()
    else:
        setattr(found, kind, True)
    if kind == "file_urls_request":
        found.file_urls_request.file_names.append("table.csv")
    return found


def test_every_type_of_the_protocol_is_decided() -> None:
    """A new version of Streamlit may bring new ones: they are left out until they are looked at."""
    types = {field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields}
    assert types == PASSED | LEFT_OUT | {"backend_operation_request"}


@pytest.mark.parametrize("kind", sorted(PASSED | LEFT_OUT))
def test_what_the_app_does_not_use_is_left_out(kind: str) -> None:
    data = message(kind).SerializeToString()
    assert passed(data) == (data if kind in PASSED else None)


@pytest.mark.parametrize("operation", ["install_skills", "dismiss_skills_nudge", "dataframe_chunk"])
def test_of_the_operations_only_a_download_is_passed(operation: str) -> None:
    found = message("backend_operation_request")
    getattr(found.backend_operation_request, operation).SetInParent()
    assert passed(found.SerializeToString()) is None
    found.backend_operation_request.deferred_file.file_id = "x"
    assert passed(found.SerializeToString()) == found.SerializeToString()


@pytest.mark.parametrize("names", [[], [""] * 5, ["x" * 1001], [""] * 100_000])
def test_addresses_for_many_files_are_not_given(names: list[str]) -> None:
    found = BackMsg()
    found.file_urls_request.file_names.extend(names)
    found.file_urls_request.request_id = "x"
    assert passed(found.SerializeToString()) is None


@pytest.mark.parametrize("query", ["x" * (LONGEST_LINK + 1), "a=1&" * MOST_SETTINGS])
def test_a_link_that_is_too_long_says_so(query: str) -> None:
    found = message("rerun_script")
    found.rerun_script.query_string = query
    data = passed(found.SerializeToString())
    assert data is not None
    said = parse_qs(BackMsg.FromString(data).rerun_script.query_string)
    assert said == {TOO_LONG: [str(len(query))]}
    at = open_page(**{TOO_LONG: said[TOO_LONG][0]})
    assert "The link is too long to be read" in " ".join(w.value for w in at.warning)


def test_a_link_at_the_limit_is_read() -> None:
    found = message("rerun_script")
    for query in ("x" * LONGEST_LINK, "&".join(["a=1"] * MOST_SETTINGS)):
        found.rerun_script.query_string = query
        assert passed(found.SerializeToString()) == found.SerializeToString()


@given(st.binary(max_size=300))
def test_junk_is_an_error_or_left_out(data: bytes) -> None:
    try:
        found = passed(data)
    except DecodeError:
        return
    assert found is None or BackMsg.FromString(found).WhichOneof("type")


def test_the_path_of_the_script_and_the_version_of_python_stay_here() -> None:
    found = ForwardMsg()
    session = found.new_session
    session.main_script_path = "/srv/secret/app.py"
    session.initialize.environment_info.python_version = "3.13.1"
    session.initialize.environment_info.streamlit_version = "1.67.0"
    session.initialize.environment_info.server_os = "linux"
    session.initialize.user_info.installation_id_v3 = "machine"
    session.initialize.session_id = "kept"
    said = ForwardMsg.FromString(withheld(found.SerializeToString())).new_session
    assert said.initialize.session_id == "kept"
    assert said.initialize.environment_info.streamlit_version == "1.67.0"
    for word in ("secret", "3.13.1", "linux", "machine"):
        assert word.encode() not in said.SerializeToString()


def test_other_messages_are_sent_as_they_are() -> None:
    found = ForwardMsg()
    found.delta.new_element.markdown.body = "/srv/secret/app.py"
    data = found.SerializeToString()
    assert withheld(data) == data


def conversation(*frames: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """What the app gets of these frames, and what is sent to the browser."""
    sent: list[Any] = []
    got: list[Any] = []
    pending = [{"type": "websocket.connect"}, *frames, {"type": "websocket.disconnect"}]

    async def receive() -> Any:
        return pending.pop(0)

    async def send(one: Any) -> None:
        sent.append(one)

    async def app(_: Any, receive: Any, send: Any) -> None:
        while True:
            got.append(await receive())
            if got[-1]["type"] == "websocket.disconnect":
                await send({"type": "websocket.send", "bytes": b"too late"})
                return

    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": []}
    finish(Messages(app, "x")(scope, receive, send))
    return got, sent


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"bytes": bytes(LARGEST + 1)}, messages.TOO_BIG),
        ({"bytes": b"\xff\xff"}, messages.NOT_UNDERSTOOD),
        ({"text": "hello"}, messages.NOT_UNDERSTOOD),
    ],
)
def test_a_frame_that_is_no_message_closes_the_socket(frame: dict[str, Any], code: int) -> None:
    got, sent = conversation({"type": "websocket.receive", **frame})
    assert [one["type"] for one in got] == ["websocket.connect", "websocket.disconnect"]
    assert sent == [{"type": "websocket.close", "code": code}]


def test_what_is_left_out_leaves_the_socket_open() -> None:
    frames = [message(kind).SerializeToString() for kind in ("clear_cache", "app_heartbeat")]
    got, _ = conversation(*({"type": "websocket.receive", "bytes": data} for data in frames))
    assert [one.get("bytes") for one in got] == [None, frames[1], None]
