"""The address of pictures, which any cache may keep for ever.

It names the release: everything that a picture depends on besides its link.
"""

import hashlib
import platform
import secrets
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import efviz
from efviz.dashboard.server import assets, preparation

_PACKAGE = Path(efviz.__file__).parent
_PREFIX = "efviz-picture"


@cache
def _shipped() -> str:
    """A hash of the package's files, the version of Python, and those of installed packages.

    Equal for replicas of one image, and another after any upgrade.
    """
    found = hashlib.blake2b(platform.python_version().encode(), digest_size=8)
    for path in sorted(_PACKAGE.rglob("*")):
        # Code, and the tables that come with it; not what was compiled from it.
        if path.is_file() and path.parent.name != "__pycache__":
            found.update(path.read_bytes())
    folders = {one.name for where in sys.path for one in Path(where).glob("*.dist-info")}
    found.update(" ".join(sorted(folders)).encode())
    return found.hexdigest()


@cache
def _of_this_process(declarations: tuple[object, ...]) -> str:
    return secrets.token_hex(4)


def release() -> str:
    """The hash, and for declarations from outside, of which the code is not hashed, a random text
    that lasts as long as they do in this process."""
    from efviz.extensions import registered  # imports the numerics, which the start does later

    outside = registered()
    return f"{_shipped()}-{_of_this_process(outside)}" if outside else _shipped()


def address(slug: str) -> str:
    """The address of the pictures of a page, without the query of a link."""
    return f"{assets.base_path()}/{_PREFIX}/{release()}/{slug}"


async def _serve(request: Request) -> Response:
    if not preparation.wait(0):
        return Response(status_code=503, headers={"Cache-Control": "no-store"})
    # Imported by the start with the pages, in the order in which they are needed.
    served: Response = await import_module("efviz.dashboard.pictures").serve(request)
    return served


def begin(slug: str, query: str) -> None:
    """Begin the picture of a page that a visitor opens, before a session asks for it."""
    if preparation.wait(0):
        import_module("efviz.dashboard.pictures").begin(slug, query)


def routes() -> list[Route]:
    return [Route(f"{assets.base_path()}/{_PREFIX}/{{release}}/{{slug}}", _serve)]
