"""The map of the rooms in efviz/__init__.py is what the imports say."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import efviz
from efviz.dashboard.pages import PAGES

PACKAGE = Path(efviz.__file__).parent
ROOT = PACKAGE.parent
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = re.findall(
    r"`(\w+)`", efviz.__doc__.split("only from those above it:")[1].split("). The")[0]
)
# Within the dashboard, from the ground up.
DASHBOARD = ["server", "components", "session", "pages", "pictures", "main", "warm_up"]


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def _imports(path: Path) -> frozenset[str]:
    """Every module that a file imports anywhere in it, for type checkers' eyes only too."""
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _rooms_imported(path: Path, *, inside: str = "efviz", rooms: Sequence[str] = ROOMS) -> set[str]:
    """Those rooms of a package from which a file imports."""
    depth = len(inside.split("."))
    names = [name for name in _imports(path) if name.startswith(f"{inside}.")]
    return {name.split(".")[depth] for name in names} & set(rooms)


def _below(room: str, arrows: set[tuple[str, str]]) -> set[str]:
    """The rooms that use `room`, directly or through others."""
    users = {user for used, user in arrows if used == room}
    return users.union(*(_below(user, arrows) for user in users))


def test_the_map_in_the_docs_is_what_the_imports_say():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text.split("## Inside")[0], re.MULTILINE) == ROOMS
    arrows = set(re.findall(r"^ +(\w+) --> (\w+)$", text, re.MULTILINE))
    imports = {(used, _room(path)) for path in FILES for used in _rooms_imported(path)}
    imports = {(used, user) for used, user in imports if used != user and user in ROOMS}
    assert arrows <= imports
    assert all(user in _below(used, arrows) for used, user in imports)


def test_every_module_is_in_one_room_of_the_map():
    assert {_room(path) for path in FILES} - {"__init__", "__main__"} == set(ROOMS)
    assert len(ROOMS) == len(set(ROOMS))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_rooms_above_its_own(path):
    room = _room(path)
    if room in ("__init__", "__main__"):
        return
    above = ROOMS[: ROOMS.index(room) + 1]
    below = _rooms_imported(path) - set(above)
    assert not below, f"{room} imports {below}"


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.parent.name != PACKAGE.name and _room(path) == "dashboard"],
    ids=lambda path: str(path.relative_to(PACKAGE / "dashboard")),
)
def test_a_module_of_the_dashboard_imports_only_from_what_is_below_it(path):
    part = path.relative_to(PACKAGE / "dashboard").parts[0].removesuffix(".py")
    if part == "__init__":
        return
    allowed = DASHBOARD[: DASHBOARD.index(part) + 1]
    found = _rooms_imported(path, inside="efviz.dashboard", rooms=DASHBOARD)
    assert not found - set(allowed), f"{part} imports {found - set(allowed)}"


def test_the_imports_are_really_read():
    problem = PACKAGE / "problems" / "problem.py"
    assert {"arrays", "lazy"} <= _rooms_imported(problem)
    inputs = PACKAGE / "datasets" / "inputs.py"
    assert "sklearn.decomposition" in _imports(inputs)  # inside a function
    assert "efviz.optimizers" in _imports(PACKAGE / "__init__.py")  # TYPE_CHECKING


@pytest.mark.parametrize(
    ("package", "homes"), [("plotly", {"figures"}), ("streamlit", {"dashboard"})]
)
def test_plotly_and_streamlit_stay_at_home(package, homes):
    users = {
        _room(path)
        for path in FILES
        if any(name.split(".")[0] == package for name in _imports(path))
    }
    assert users <= homes


def _loaded_by(*modules: str) -> set[str]:
    """All modules of a fresh process that has imported these."""
    script = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    output = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(output.stdout.split())


def test_importing_the_library_imports_neither_plotly_nor_streamlit():
    modules = [f"efviz.{room}" for room in ROOMS[: ROOMS.index("command") + 1]]
    loaded = _loaded_by("efviz", *modules)
    assert "efviz.sweeps" in loaded
    assert not {"plotly", "streamlit"} & {name.split(".")[0] for name in loaded}


def test_the_server_answers_before_the_numerics_are_imported():
    loaded = _loaded_by("app")
    assert "efviz.dashboard.server.headers" in loaded
    assert not {"numpy", "scipy", "numba", "pandas", "efviz.dashboard.pages"} & loaded


def test_the_first_picture_waits_for_no_other_page_and_no_pandas():
    loaded = _loaded_by("efviz.dashboard.main", "efviz.dashboard.pages.start.page")
    pages = {page.module for page in PAGES.values()}
    assert loaded & pages == {
        "efviz.dashboard.pages.start.page",
        "efviz.dashboard.pages.vector_fields.page",
    }
    assert not {"pandas", "sklearn", "scipy.optimize", "efviz.paper"} & loaded


@pytest.mark.parametrize("name", efviz.__all__)
def test_the_names_of_the_package_are_found_when_asked_for(name):
    home = import_module(f"efviz.{efviz._HOMES[name]}")
    assert getattr(efviz, name) is getattr(home, name)
    assert name in dir(efviz)


def test_a_name_that_the_package_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'fisherman'"):
        _ = efviz.fisherman


def test_no_file_is_too_long_to_read():
    tests = Path(__file__).parent.rglob("*.py")
    long = [path.name for path in [*FILES, *tests] if len(path.read_text().splitlines()) >= 500]
    assert not long
