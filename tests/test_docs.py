"""README, CONTRIBUTING.md and docs/: code that runs, links that lead somewhere, facts that hold."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import distributed
import numpy as np
import pytest
from numpy.testing import assert_allclose
from packaging.requirements import Requirement

from efviz import PROBLEMS, sweeps
from efviz.command.main import _parser
from efviz.curvature import empirical_fisher, fisher
from efviz.dashboard.pages import PAGES
from efviz.dashboard.pages.lessons.registry import LESSONS
from efviz.dashboard.pages.vector_fields import figure_1
from efviz.dashboard.session.settings import EVERYWHERE
from efviz.extensions.registration import TABLES
from efviz.paper import BIBTEX

ROOT = Path(__file__).parents[1]
TEXTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md")))
}
README = TEXTS["README.md"]


def blocks(language: str) -> dict[str, str]:
    """The code of this language in all texts, by file and number."""
    found = {}
    for name, text in TEXTS.items():
        matches = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        found |= {f"{name}.{i}": code for i, code in enumerate(matches, start=1)}
    return found


PYTHON = blocks("python")
COMMANDS = [
    line
    for code in blocks("sh").values()
    for line in code.replace("\\\n", " ").splitlines()
    if line.strip()
]


def test_there_is_code_to_run() -> None:
    assert {"README.md.1", "docs/data.md.1", "docs/data.md.2", "docs/numbers.md.1"} <= set(PYTHON)
    assert len(COMMANDS) > 15


@pytest.fixture
def _tables_as_before() -> Iterator[None]:
    before = [dict(table.entries) for table in TABLES]
    yield
    for table, entries in zip(TABLES, before, strict=True):
        table.entries.clear()
        table.entries.update(entries)


@pytest.mark.usefixtures("_tables_as_before")
@pytest.mark.parametrize("text", sorted({name.rpartition(".")[0] for name in PYTHON}))
def test_the_code_of_a_text_runs_from_top_to_bottom(
    text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A scheduler of this process, and a corner of the grid, stand in for a cluster's hours."""
    monkeypatch.setenv("EFVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(sweeps, "STEP_SIZES", sweeps.STEP_SIZES[160:162])
    monkeypatch.setattr(sweeps, "DAMPINGS", sweeps.DAMPINGS[:2])
    client = distributed.Client
    options = {"processes": False, "n_workers": 1, "dashboard_address": None}
    monkeypatch.setattr(distributed, "Client", lambda address: client(**options))
    names: dict[str, Any] = {"__name__": text}
    for name, code in PYTHON.items():
        if name.rpartition(".")[0] == text:
            exec(compile(code, name, "exec"), names)


def test_a_recipe_for_a_declaration_takes_at_most_twenty_lines() -> None:
    recipes = {name: code for name, code in PYTHON.items() if name.startswith("docs/extending")}
    lengths = [len([line for line in code.splitlines() if line]) for code in recipes.values()]
    assert len(recipes) >= 5
    assert max(lengths) <= 20


def test_the_library_in_five_lines_says_what_became_of_the_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = PYTHON["README.md.1"]
    assert len([line for line in code.splitlines() if line]) == 5
    names: dict[str, Any] = {}
    exec(code, names)
    assert capsys.readouterr().out.startswith("converged")
    # The normal equations, from the data alone.
    X, y = names["problem"].X, names["problem"].y
    assert_allclose(names["result"].final_theta, np.linalg.solve(X.T @ X, X.T @ y), atol=1e-3)


LINKS = sorted(
    (name, target)
    for name, text in TEXTS.items()
    for target in re.findall(r"\]\(([^)\s]+)\)", text)
)


@pytest.mark.parametrize(("name", "target"), LINKS)
def test_a_link_to_a_file_leads_to_one(name: str, target: str) -> None:
    assert (ROOT / name).parent.joinpath(target).is_file()


@pytest.mark.parametrize("name", sorted(set(TEXTS) - {"README.md"}))
def test_readme_leads_to_every_text(name: str) -> None:
    assert f"({name})" in README


PATHS = sorted(
    {
        path
        for text in TEXTS.values()
        for path in re.findall(
            r"(?<![\w/])((?:efviz|tests|benchmarks|hosting|docs|\.ci|\.streamlit)/[\w./-]*)", text
        )
    }
)


@pytest.mark.parametrize("path", PATHS)
def test_a_named_file_is_there(path: str) -> None:
    assert (ROOT / path.rstrip(".")).exists()


def addresses() -> Iterator[tuple[str, dict[str, str]]]:
    for text in TEXTS.values():
        for address in re.findall(r"<http://localhost:8501/([^>]*)>", text):
            parts = urlsplit(address)
            yield parts.path, dict(parse_qsl(parts.query))


@pytest.mark.parametrize(("slug", "query"), list(addresses()))
def test_an_address_of_the_app_says_only_what_its_page_knows(
    slug: str, query: dict[str, str]
) -> None:
    everywhere = {key: query.pop(key) for key in EVERYWHERE if key in query}
    _, sentences = PAGES[slug].settings.read(query)
    assert sentences == []
    known = {one.query for one in PAGES[slug].settings.declared().values()}
    assert query.keys() <= known
    if lesson := everywhere.get("lesson"):
        key, number = lesson.split(".")
        assert 1 <= int(number) <= len(LESSONS[key].steps)


def test_the_three_things_to_try_show_what_readme_says() -> None:
    share = figure_1.figure_1().fields.negative_share
    assert f"on {100 * share:.0f} % of" in README.replace("\n   ", " ")
    entry, distances = PROBLEMS["fig2"], []
    for strength in (0, 1):
        problem = entry.problem(entry.dataset(N=100_000, strength=strength))
        F, EF = (matrix(problem, problem.theta_star) for matrix in (fisher, empirical_fisher))
        distances.append(100 * np.linalg.norm(EF - F) / np.linalg.norm(F))
    assert f"differ by {distances[0]:.1f} %" in README
    assert f"differ by {distances[1]:.0f} %" in README


@pytest.mark.parametrize("command", [line for line in COMMANDS if "python -m efviz" in line])
def test_a_command_of_the_library_is_one(command: str) -> None:
    words = shlex.split(command)
    assert _parser().parse_args(words[words.index("efviz") + 1 :]).command


@pytest.mark.parametrize(
    "target",
    sorted(set(re.findall(r"(?:^|`)make ([a-z]+)", "\n".join(TEXTS.values()), re.MULTILINE))),
)
def test_a_named_target_is_in_the_makefile(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


OPTIONS = [
    (script, option)
    for text in TEXTS.values()
    for script, rest in re.findall(r"python ((?:benchmarks|hosting)/\w+\.py)([^`\n]*)", text)
    for option in re.findall(r"--\w+", rest)
]


@pytest.mark.parametrize(("script", "option"), OPTIONS)
def test_an_option_of_a_script_is_one(script: str, option: str) -> None:
    assert f'"{option}"' in (ROOT / script).read_text(encoding="utf-8")


def requirements() -> Iterator[str]:
    yield from (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for extra in project["optional-dependencies"].values():
        yield from extra


PACKAGES = sorted({Requirement(line).name for line in requirements()} - {"efviz"})


@pytest.mark.parametrize("package", PACKAGES)
def test_readme_says_why_every_package_is_there(package: str) -> None:
    reasons = README.split("## Packages, and why")[1].split("\n## ")[0]
    assert re.search(rf"(?<![\w-]){package}(?![\w-])", reasons)


def variables() -> set[str]:
    """All that the code reads from the environment, and that compose.yaml takes from its caller."""
    files = [ROOT / "app.py", *(ROOT / "efviz").rglob("*.py"), ROOT / "hosting" / "replicas.py"]
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    return set(re.findall(r'environ\.get\(\s*"(\w+)"', code)) | set(
        re.findall(r"\$\{(EFVIZ_\w+):", compose)
    )


def test_every_variable_of_the_environment_is_explained() -> None:
    named = re.findall(r"^\| `(\w+)` \|", TEXTS["docs/hosting.md"], re.MULTILINE)
    assert len(named) == len(set(named))
    # PATH finds nginx; numba reads its own.
    assert variables() - {"PATH"} == set(named) - {"NUMBA_DISABLE_JIT"}


def test_readme_cites_what_the_pages_offer() -> None:
    assert BIBTEX in README


def test_no_text_names_a_place_on_one_machine() -> None:
    assert not [name for name, text in TEXTS.items() if re.search(r"/home/|/work/|/tmp/", text)]
