"""The map of the layers in efviz/__init__.py is what the imports say."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import efviz
from efviz.pages import PAGES

PACKAGE = Path(efviz.__file__).parent
ROOT = PACKAGE.parent
FILES = sorted(PACKAGE.rglob("*.py"))
LAYERS = re.findall(
    r"`(\w+)`", efviz.__doc__.split("only from those above it:")[1].split("). The")[0]
)


def _layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports anywhere in it, but for type checkers' eyes only."""
    pending: list[ast.AST] = [ast.parse(path.read_text())]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        pending += ast.iter_child_nodes(node)


def _layers_imported(path: Path) -> set[str]:
    parts = [name.split(".") for name in _imports(path)]
    return {part[1] for part in parts if part[0] == "efviz" and len(part) > 1} & set(LAYERS)


def test_every_module_is_on_the_map_once():
    named = {_layer(path) for path in FILES} - {"__init__", "__main__"}
    assert named <= set(LAYERS)
    assert len(LAYERS) == len(set(LAYERS))
    assert set(LAYERS) - {"figures", "components", "pages"} <= named


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_layers_above_it(path):
    layer = _layer(path)
    if layer in ("__init__", "__main__"):
        return
    above = LAYERS[: LAYERS.index(layer) + 1]
    below = _layers_imported(path) - set(above)
    assert not below, f"{layer} imports {below}"


def test_the_imports_are_really_read():
    assert {"batches", "likelihoods", "minimum"} <= _layers_imported(PACKAGE / "problems.py")
    assert "problems" not in _layers_imported(PACKAGE / "minimum.py")  # TYPE_CHECKING
    assert "sklearn.decomposition" in set(_imports(PACKAGE / "data.py"))  # inside a function


@pytest.mark.parametrize(
    ("package", "homes"),
    [("plotly", {"figures"}), ("streamlit", {"serving", "components", "pages"})],
)
def test_plotly_and_streamlit_stay_at_home(package, homes):
    users = {
        _layer(path)
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
    modules = [f"efviz.{layer}" for layer in LAYERS[: LAYERS.index("paper") + 1]]
    loaded = _loaded_by("efviz", *modules)
    assert "efviz.sweeps" in loaded
    assert not {"plotly", "streamlit"} & {name.split(".")[0] for name in loaded}


def test_the_server_answers_before_the_numerics_are_imported():
    loaded = _loaded_by("app")
    assert "efviz.serving.headers" in loaded
    assert not {"numpy", "scipy", "numba", "pandas", "efviz.pages"} & loaded


def test_the_first_picture_waits_for_no_other_page_and_no_pandas():
    loaded = _loaded_by("efviz.pages.main", "efviz.pages.start")
    pages = {f"efviz.pages.{page.module}" for page in PAGES.values()}
    assert loaded & pages == {"efviz.pages.start", "efviz.pages.vector_fields"}
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
    tests = Path(__file__).parent.glob("*.py")
    long = [path.name for path in [*FILES, *tests] if len(path.read_text().splitlines()) >= 500]
    assert not long
