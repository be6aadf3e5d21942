"""Uploaded files stay in memory."""

from collections.abc import AsyncIterator

import pytest
from coroutines import finish
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartParser

import app
from efviz.datasets.tables import MAX_BYTES


@pytest.fixture
def in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MultiPartParser, "spool_max_size", MultiPartParser.spool_max_size)
    app.keep_uploads_in_memory()


def received(size: int) -> UploadFile:
    """An upload of so many bytes, as the server reads it."""
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.csv"\r\n\r\n'
    chunks = [head, bytes(size), b"\r\n--x--\r\n"]

    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    headers = Headers({"content-type": "multipart/form-data; boundary=x"})
    file = finish(MultiPartParser(headers, stream()).parse())["f"]
    assert isinstance(file, UploadFile)
    return file


@pytest.mark.usefixtures("in_memory")
def test_the_largest_upload_never_touches_the_disk() -> None:
    file = received(MAX_BYTES)
    assert file.size == MAX_BYTES
    assert not file.file._rolled  # type: ignore[attr-defined]  # nothing public says where it is
    file.file.close()


def test_the_largest_upload_of_the_server_is_the_largest_table() -> None:
    import streamlit as st

    assert st.get_option("server.maxUploadSize") << 20 == MAX_BYTES
