"""The reference numbers of `reference.json`, and the problems that they belong to."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from efviz import PROBLEMS
from efviz.problems import Problem

REFERENCE: dict[str, Any] = json.loads(
    Path(__file__).parent.joinpath("beyond", "reference.json").read_text()
)


@cache
def figure(key: str, path: str = "", strength: float = 0.0) -> Problem:
    """The problem of a figure with the data of the paper, at a strength along one of its paths."""
    entry = PROBLEMS[key]
    assert entry.family
    return entry.problem(entry.family.sample(1000, 0, path, strength))
