"""Finished pieces of sweeps on disk, so that none is computed twice.

Each piece has its own file, named by a digest of everything that its numbers depend on. A file
appears complete or not at all, even if others write it at the same time; an unreadable file is
recomputed.
"""

import contextlib
import hashlib
import inspect
import uuid
from abc import ABC
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from efviz.arrays import Array
from efviz.files import cache_folder, replacing
from efviz.optimizers import METHODS
from efviz.problems import Problem
from efviz.problems.declared import Declared
from efviz.sweeps.outcome import Outcome

# Increased whenever the numbers of a sweep may change.
_FORMAT = "4"
_FIELDS = {"loss": np.float64, "status": np.int8, "taken": np.int64}


def digest(*parts: str | NDArray[np.generic]) -> str:
    """A name for these strings and arrays that is the same in every process."""
    sha = hashlib.sha256(_FORMAT.encode())
    for part in parts:
        if isinstance(part, str):
            sha.update(f"|{len(part)}|{part}".encode())
        else:
            sha.update(f"|{part.dtype.str}{part.shape}|".encode())
            sha.update(np.ascontiguousarray(part).tobytes())
    return sha.hexdigest()


def problem_digest(problem: Problem, method: str, theta_0: Array, n_steps: int) -> str:
    """The key shared by all pieces of one sweep.

    A name says nothing about an own likelihood, model or method, whose code may have changed since:
    the key holds what they give on this problem, at the start and around it, and the code of the
    classes. Where functions decide that may do something else elsewhere, the key is a new one each
    time: see `repeatable`.
    """
    if not repeatable(problem, method):
        return uuid.uuid4().hex
    chosen = METHODS[method]
    away = np.random.default_rng(0).normal(size=(len(_AWAY), problem.D))
    unit = np.array(_AWAY)[:, None] / max(1.0, float(np.abs(problem.X).max(initial=0)))
    theta = theta_0 + unit * away
    with np.errstate(all="ignore"):
        numbers = [problem.loss(theta), problem.gradient(theta)]
        if chosen.matrix is not None:
            numbers.append(chosen.matrix.matrix(problem, theta))
    seen = [_digits(values) for values in numbers]
    way = chosen.exponent, chosen.diagonal, chosen.relative, chosen.units
    kind = f"{method} {way!r} {n_steps}"
    return digest(kind, problem.X, problem.y, theta_0, *seen, *(_code(problem) or ()))


def repeatable(problem: Problem, method: str) -> bool:
    """Whether the key says all that the numbers of a sweep depend on.

    A matrix that combines those of the likelihood does; a function, or a class without its source,
    may have been changed in a way that cannot be seen.
    """
    chosen = METHODS[method]
    declared = chosen.matrix is None or chosen.matrix.combination is not None
    own = chosen.rule or chosen.vector
    return not own and declared and _code(problem) is not None


def _code(problem: Problem) -> list[str] | None:
    found = [_source(type(one)) for one in (problem.likelihood, problem.model)]
    return None if None in found else [text for text in found if text]


@lru_cache(maxsize=64)
def _source(kind: type) -> str | None:
    """The code of a class and those that it is derived from, None if it has none that is known."""
    own = [one for one in kind.__mro__ if one not in (object, ABC, Declared)]
    try:
        return "".join(map(inspect.getsource, own))
    except (OSError, TypeError):
        return None


# How far from the start, relative to the size of the inputs.
_AWAY = (0.0, 0.1, 1.0, 30.0)


def _digits(values: Array) -> str:
    """The leading digits: the last ones depend on the processor and on the number of threads."""
    return " ".join(f"{value:.8e}" for value in values.ravel())


def path_of(key: str) -> Path:
    return cache_folder() / "sweeps" / key[:2] / f"{key}.npz"


def load(key: str, R: int) -> Outcome | None:
    """The piece called `key` with R runs, None if it is missing or damaged."""
    try:
        with path_of(key).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            if str(file["key"]) != key:
                return None
            outcome = Outcome(R)
            for name, dtype in _FIELDS.items():
                values = file[name]
                if values.shape != (R,) or values.dtype != dtype:
                    return None
                setattr(outcome, name, values)
            return outcome
    except Exception:
        # A file that any program may have truncated can fail in many ways; it is only a cache.
        return None


def save(key: str, outcome: Outcome) -> None:
    """Store a piece; if it cannot be written, go on without."""
    path = path_of(key)
    fields = {name: getattr(outcome, name) for name in _FIELDS}
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            np.savez_compressed(file, key=np.array(key), **fields)
