"""Results print as one line and show themselves as a table in a notebook."""

from html.parser import HTMLParser

import numpy as np
import pytest

from efviz import PROBLEMS, grid_search, load, run
from efviz.problems import linear_regression
from efviz.shown import Shown, spread, tally, vector
from efviz.studies.comparison import compare

PROBLEM = linear_regression([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]], [1.0, 2.0, 3.0, 0.0])


def results() -> dict[str, Shown]:
    starts = [[0.0, 0.0], [3.0, 1.0]]
    return {
        "problem": PROBLEM,
        "data set": load("wine"),
        "trajectory": run(PROBLEM, "GD", starts, step_size=0.1, n_steps=3),
        "sweep": grid_search(PROBLEM, "NGD", [0.5, 1.0], [0.0, 1.0, 2.0], n_steps=5, cache=False),
        "comparison": compare(PROBLEM, np.zeros(2)),
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("problem", ["Problem", "gaussian", "linear", "N 4", "D 2", "θ₁, θ₂"]),
        ("data set", ["Dataset", "wine", "178 × 13", "cultivar", "alcohol"]),
        ("trajectory", ["Trajectory", "method GD", "runs 2", "steps 3", "2 not diverged"]),
        ("sweep", ["Sweep", "method NGD", "runs 2 × 3", "6 finished", "least loss"]),
        # At theta = 0 the residuals are -y: L = (1 + 4 + 9 + 0) / 8.
        ("comparison", ["Comparison", "N 4", "theta (0, 0)", "loss 1.75", "EF differs from F by"]),
    ],
)
def test_a_result_says_what_matters_in_one_or_two_lines(name, words):
    said = repr(results()[name])
    assert all(word in said for word in words), said
    assert "\n" not in said
    assert "array" not in said
    assert len(said) <= 200


class Cells(HTMLParser):
    """The texts of th and td, and whether every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] in ("th", "td"):
            self.texts.append(data)


@pytest.mark.parametrize("name", results())
def test_a_notebook_shows_the_same_as_a_table(name):
    result = results()[name]
    cells = Cells(result._repr_html_())
    assert not cells.open
    assert cells.texts == [text for fact in result.facts().items() for text in fact]


def test_names_of_a_table_are_no_html():
    class Named(Shown):
        def facts(self) -> dict[str, str]:
            return {"target": "<script>a & b</script>"}

    html = Named()._repr_html_()
    assert "<script>" not in html
    assert Cells(html).texts == ["target", "<script>a & b</script>"]


def test_printing_searches_no_minimum_but_uses_a_known_one():
    entry = PROBLEMS["fig4"]
    problem = entry.problem(entry.dataset(N=50))
    trajectory = run(problem, "NGD", [0.0, 0.0], step_size=1.0, n_steps=1)
    assert "1 not diverged" in repr(trajectory)
    assert "minimum" not in problem.__dict__
    assert problem.minimum.exists
    # One undamped step of size 1 solves least squares.
    assert "1 converged" in repr(trajectory)


def test_many_values_are_told_shortly():
    assert spread(np.array([np.nan, 2.0, 0.5])) == "0.5 to 2"
    assert spread(np.array([2.0, 2.0])) == "2"
    assert spread(np.array([np.nan])) == "none"
    assert tally(np.array([["a", "b"], ["b", "b"]])) == "3 b, 1 a"
    assert vector(np.arange(3.0)) == "(0, 1, 2)"
    assert vector(np.zeros(30)) == "(0, 0, 0, 0, 0, 0, … 30 in all)"
