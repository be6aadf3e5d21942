"""The efviz dashboard: `streamlit run app.py`."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

import efviz.pages
from efviz.components import assets
from efviz.pages.headers import Headers
from efviz.pages.warm_up import warm_up

SCRIPT = Path(efviz.pages.__file__).with_name("main.py")


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Compile, compress and compute once what the first visitor would otherwise wait for."""
    warm_up()
    # The thread that sends must not wait 5 ms for each message while scripts compute.
    sys.setswitchinterval(0.0005)
    # What is loaded by now stays: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    yield


app = st.App(SCRIPT, lifespan=lifespan, routes=assets.routes(), middleware=[Middleware(Headers)])
