"""The efviz dashboard: `streamlit run app.py`."""

import asyncio
import contextlib
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware

from efviz.dashboard.server import (
    assets,
    listening,
    operations,
    preparation,
    releases,
    upkeep,
    watchdog,
)
from efviz.dashboard.server.first_page import FirstPage
from efviz.dashboard.server.frontend import Frontend
from efviz.dashboard.server.headers import Headers
from efviz.dashboard.server.host_config import HostConfig
from efviz.dashboard.server.messages import Messages
from efviz.dashboard.server.origins import Origins
from efviz.dashboard.server.places import Places
from efviz.dashboard.server.uploads import Uploads

PATIENCE = watchdog.patience()
SCRIPT = Path(preparation.__file__).with_name("script.py")


def allow_many_visitors() -> None:
    """A visitor takes four open files, and a usual limit is 1024 a process; Windows has none."""
    with contextlib.suppress(ModuleNotFoundError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        # Where "no limit" is more than the system grants (macOS), the usual one has to do.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def keep_uploads_in_memory() -> None:
    """Without this, parts over 1 MB of an upload go through a temporary file."""
    MultiPartParser.spool_max_size = 2 * int(st.get_option("server.maxUploadSize")) * 2**20


def prepare() -> None:
    """Import, compile, compress and compute once what visitors would otherwise wait for.

    In the order in which they need it; the first come in while the rest goes on.
    """
    # What is imported stays: the collector would find nothing, and take a fifth of the time.
    gc.disable()
    # The first element makes Streamlit look through all modules: soon, while there are few.
    st.empty()
    from efviz.numerics.threads import one_blas_thread

    one_blas_thread()
    from efviz.dashboard import warm_up

    warm_up.first_picture()
    preparation.open_doors()
    warm_up.warm_up()
    # What is loaded by now stays: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    gc.enable()
    operations.set_ready(True)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    operations.log_as_json()
    allow_many_visitors()
    keep_uploads_in_memory()
    upkeep.return_large_arrays()
    # The thread that sends must not wait 5 ms for each message while scripts compute.
    sys.setswitchinterval(0.0005)
    preparation.begin(prepare)
    tasks = [asyncio.create_task(upkeep.keep_up()), asyncio.create_task(watchdog.watch(PATIENCE))]
    yield
    for task in tasks:
        task.cancel()
    operations.set_ready(False)


listening.before_it_begins()
app = st.App(
    SCRIPT,
    lifespan=lifespan,
    routes=[*assets.routes(), *operations.routes(), *releases.routes()],
    middleware=[
        Middleware(Headers),
        Middleware(Origins),
        Middleware(Frontend),
        Middleware(FirstPage, releases.begin),
        Middleware(Places),
        Middleware(HostConfig),
        Middleware(Uploads),
        Middleware(Messages, str(SCRIPT)),
    ],
)
