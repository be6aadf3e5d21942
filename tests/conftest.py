"""Fixtures over the registries: every model with every likelihood, and every problem on offer."""

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from browsing import (  # noqa: F401  # fixtures
    _kept,
    browser,
    figure_1,
    new_page,
    page,
    profile,
    server,
)
from hypothesis import settings
from streamlit.components.v2 import manifest_scanner
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from efviz import LIKELIHOODS, METHODS, MODELS, PROBLEMS, register
from efviz.numerics.threads import one_blas_thread
from efviz.problems import Problem
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.problems.models.linear import Linear

# The same examples in every run, however busy the machine is.
settings.register_profile("efviz", deadline=None, derandomize=True)
settings.register_profile("long", deadline=None)
settings.load_profile("efviz")
# As in app.py: tests run side by side, and so do their matrices.
one_blas_thread()
# What is imported and collected stays: to look through it for garbage takes seconds.
gc.disable()

KINDS = [
    f"{model}-{likelihood}"
    for model in MODELS
    for likelihood in LIKELIHOODS
    # One output is no choice of classes, and several are nothing else.
    if (likelihood == "categorical") >= (model == "contrast")
    and (model, likelihood) != ("saturation", "categorical")
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of whole pages and of servers take most of the time that needs no browser.

    The first file with a browser starts the app, for which the others of its kind would wait: what
    needs no browser begins beside it. Short files fill what is left at the end.
    """
    for item in items:
        if item.path.parent.name in ("dashboard", "server", "hosting"):
            item.add_marker("slow")

    def files(mark: str) -> set[Path]:
        return {item.path for item in items if item.get_closest_marker(mark)}

    browsers, slow = files("browser"), files("slow")
    first = min(browsers, default=None)
    items.sort(
        key=lambda item: (item.path != first, item.path not in slow, item.path not in browsers)
    )


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores, unless tests are left out that wait for browsers and servers.

    They wait for a third of their time.
    """
    return (os.cpu_count() or 1) + (not config.option.markexpr)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Where tests run in several processes, each file runs in one, and files begin in order."""
    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def _components_found_once() -> Iterator[None]:
    """Each `AppTest` reads the metadata of all packages installed: it takes as long as a page."""
    with pytest.MonkeyPatch.context() as patch:
        found = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


@pytest.fixture(scope="module")
def own_matrices() -> Iterator[list[str]]:
    """The matrices of the extension of the tests are registered; gives their keys."""
    import things

    with ExitStack() as stack:
        for key, declared in things.MATRICES.items():
            stack.enter_context(register(key, declared))
        yield list(things.MATRICES)


def some(few: int, many: int) -> int:
    """How many examples are tried: many in the profile `long` of hypothesis, which modules ask."""
    return many if settings.get_current_profile_name() == "long" else few


def small_problem(kind: str, N: int = 12, seed: int = 0, *, P: int = 3) -> Problem:
    """N examples with labels drawn from the model itself, near theta = 1/2 (linear) or (2, 1)."""
    rng = np.random.default_rng(seed)
    model_name, likelihood_name = kind.split("-")
    likelihood = Gaussian(0.7) if likelihood_name == "gaussian" else LIKELIHOODS[likelihood_name]()
    model = Linear(3) if kind == "linear-categorical" else MODELS[model_name]()
    X = rng.normal(size=(N, P)) if model.linear else rng.uniform(0.1, 2.0, (N, 1))
    theta = rng.uniform(0.2, 0.8, model.n_parameters(X.shape[1]))
    if not model.linear:
        theta = theta + np.array([1.5, 0.5])
    y = likelihood.sample(model.outputs(X, theta), rng, 1)[0]
    start = np.zeros(0) if model.linear else np.ones(2)
    return Problem(X, y, model, likelihood, start=start)


def listed_problem(key: str, N: int = 40) -> Problem:
    """About N examples of an entry of PROBLEMS, evenly spread over a real table."""
    entry = PROBLEMS[key]
    if entry.family:
        return entry.problem(entry.dataset(N=N))
    problem = entry.problem(entry.dataset())
    thin = slice(None, None, problem.N // N)
    return replace(problem, X=np.ascontiguousarray(problem.X[thin]), y=problem.y[thin].copy())


def some_thetas(problem: Problem, *lead: int, seed: int = 1) -> np.ndarray:
    """Parameters (*lead, D) around the problem's start."""
    shape = (*lead, problem.D)
    return problem.start + np.random.default_rng(seed).uniform(-0.6, 0.6, shape)


@pytest.fixture(params=KINDS, scope="session")
def kind(request):
    """The name of a model and a likelihood."""
    return request.param


@pytest.fixture(scope="session")
def small(kind):
    """A small problem of each kind."""
    return small_problem(kind)


@pytest.fixture(params=list(PROBLEMS), scope="session")
def listed(request):
    """A small version of each problem on offer."""
    return listed_problem(request.param)


@pytest.fixture(params=list(METHODS))
def method(request):
    return request.param


@pytest.fixture(params=[name for name, method in METHODS.items() if not method.vector])
def gradient_method(request):
    """A method that steps along the gradient, preconditioned or not: it rests at the minimum."""
    return request.param
