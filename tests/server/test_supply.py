"""What is installed is what was tested, and what is promised names the test that holds it."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCKED = {
    name.lower().replace("_", "-"): Version(version)
    for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", LOCK, re.MULTILINE)
}
WANTED = [
    Requirement(line)
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: wanted.name)
def test_the_lock_holds_a_version_that_the_requirements_admit(wanted: Requirement) -> None:
    assert LOCKED[wanted.name.lower()] in wanted.specifier


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: wanted.name)
def test_every_requirement_ends_somewhere(wanted: Requirement) -> None:
    assert any(bound.operator == "<" for bound in wanted.specifier)


def test_every_version_in_the_lock_has_its_hashes() -> None:
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(entries) == len(LOCKED)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "--require-hashes" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


PROMISES = [
    line.split("|")[1:-1]
    for line in (ROOT / "docs" / "threats.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| (?!who \||---)", line)
]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise[0].strip())
def test_every_promise_to_the_host_is_held_by_a_test_that_is_there(promise: list[str]) -> None:
    named = re.findall(r"`((?:tests|benchmarks)/[\w/]+\.py)`", promise[-1])
    assert any(name.startswith("tests/") for name in named)
    for name in named:
        assert (ROOT / name).is_file(), name


def test_the_package_says_that_it_is_typed() -> None:
    """Without the marker, type checkers of other projects ignore the annotations (PEP 561)."""
    assert (ROOT / "efviz" / "py.typed").read_text() == ""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert "py.typed" in settings["package-data"]["efviz"]
