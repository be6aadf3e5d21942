"""What the address of a picture names: everything that it depends on besides its link."""

from pathlib import Path

import pytest

from efviz import extensions
from efviz.dashboard.server import releases
from efviz.optimizers.methods import METHODS


@pytest.fixture(autouse=True)
def _fresh() -> None:
    releases._shipped.cache_clear()


@pytest.mark.parametrize("name", ["code.py", "table.json"])
def test_another_file_of_the_package_is_another_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(releases, "_PACKAGE", tmp_path)
    seen = set()
    for text in ("1", "2"):
        (tmp_path / name).write_text(text)
        releases._shipped.cache_clear()
        seen.add(releases.release())
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "code.pyc").write_text("3")
    releases._shipped.cache_clear()
    assert len({*seen, releases.release()}) == 2, "what is compiled from it changes nothing"


def test_another_package_beside_it_is_another_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = releases.release()
    (tmp_path / "other-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    releases._shipped.cache_clear()
    assert releases.release() != before


def test_a_declaration_from_outside_has_pictures_of_its_own_while_it_is_there() -> None:
    """Its code is not hashed: after a restart, no cache may have the old one's."""
    plain = releases.release()
    method = METHODS["GD"]
    with extensions.register("another", method):
        first = releases.release()
        assert first == releases.release()
        assert first.startswith(plain)
        assert first != plain
    assert releases.release() == plain
    with extensions.register("another", method):
        assert releases.release() != first


def test_the_address_is_that_of_the_page_under_the_prefix_of_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(releases.assets, "base_path", lambda: "/efviz")
    found = releases.address("vector-fields")
    assert found == f"/efviz/efviz-picture/{releases.release()}/vector-fields"
