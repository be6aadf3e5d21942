"""The efviz dashboard: `streamlit run app.py`."""

import gc
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from threadpoolctl import threadpool_limits

import efviz.pages
from efviz.components import assets
from efviz.pages import operations
from efviz.pages.headers import Headers
from efviz.pages.warm_up import warm_up
from efviz.tables import MAX_BYTES

SCRIPT = Path(efviz.pages.__file__).with_name("main.py")


def allow_many_visitors() -> None:
    """A visitor takes four open files, and a usual limit is 1024 a process."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def keep_uploads_in_memory() -> None:
    """Without this, parts over 1 MB of an upload go through a temporary file."""
    MultiPartParser.spool_max_size = 2 * MAX_BYTES


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Compile, compress and compute once what the first visitor would otherwise wait for."""
    operations.log_as_json()
    allow_many_visitors()
    # Matrices are small and visitors many: BLAS threads that wait for each other cost up to
    # sixteen times the work when the cores are busy.
    threadpool_limits(1, user_api="blas")
    warm_up()
    # The thread that sends must not wait 5 ms for each message while scripts compute.
    sys.setswitchinterval(0.0005)
    # What is loaded by now stays: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    keep_uploads_in_memory()
    operations.set_ready(True)
    yield
    operations.set_ready(False)


app = st.App(
    SCRIPT,
    lifespan=lifespan,
    routes=[*assets.routes(), *operations.routes()],
    middleware=[Middleware(Headers)],
)
