"""Pages, figures and scripts in a process where the extension is installed: see test_installed."""

import subprocess
import sys

import numpy as np
import pytest
import slow
import things
from numpy.testing import assert_allclose
from visiting import WITH_PROBLEM, components, open_page, sentence, settings_of

import efviz
from efviz.dashboard.pages.gradient_noise import page as gradient_noise
from efviz.dashboard.pages.gradient_noise.settings import GradientNoiseSettings
from efviz.dashboard.pages.method_settings import of_method
from efviz.dashboard.pages.optimization import page as optimization
from efviz.dashboard.pages.optimization.settings import OptimizationSettings
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session.caches import SHARED
from efviz.dashboard.session.scripts import figure_script
from efviz.figures.theme import style_of
from efviz.optimizers import METHODS, Method, run
from efviz.problems.catalogue import optimization_problem
from efviz.studies import optimization as studied

OWN = list(things.METHODS)
PARTS = [tuple(OWN[k : k + 4]) for k in range(0, len(OWN), 4)]
WITH_A_MATRIX = [name for name, method in things.METHODS.items() if method.matrix]


def link(methods):
    return ",".join(methods)


def test_a_restart_of_the_server_is_all_that_the_registration_takes():
    assert set(OWN) <= METHODS.keys()
    assert set(things.MATRICES) <= efviz.CURVATURES.keys()


@pytest.mark.parametrize("methods", PARTS, ids=link)
@pytest.mark.parametrize("problem", ["fig1", "fig2", "poisson", "saturation"])
def test_vector_fields_shows_fields_and_runs_of_the_slow_loops(problem, methods):
    settings = VectorFieldsSettings.of(
        problem=problem, N=40, methods=methods, density=5, n_steps=10, damping=0.1
    )
    found = vector_fields.STUDIES.everything(settings)
    at, known = found.fields.tails[1, 3], found.problem
    for name in methods:
        d = slow.direction(known, name, METHODS[name], at, 0.1)
        assert_allclose(found.fields.vectors[name][1, 3], -d, rtol=1e-9, atol=1e-9 * abs(d).max())
        step_size = settings.step_size * found.scales[name]
        start, path = found.theta_0[0], found.paths[name]
        thetas = slow.run(known, name, METHODS[name], start, step_size, 0.1, 10)
        if path.diverged[0]:
            continue
        assert_allclose(path.thetas[0, -1], thetas[-1], rtol=1e-8, atol=1e-9 * abs(thetas).max())
    panels = vector_fields.CHART.call.function(
        found.dataset, known, found.fields, found.paths, found.theta_0, found.scales
    )
    assert list(panels) == ["Data", *methods]
    for name in methods:
        line = next(trace for trace in panels[name]["data"] if trace.get("name") == name)
        assert line["line"]["color"] == style_of(name).colour


@pytest.mark.parametrize("methods", PARTS, ids=link)
def test_vector_fields_opens_with_own_methods(methods):
    at = open_page(methods=link(methods), n="50", steps="20")
    assert not at.exception
    assert not at.warning
    assert settings_of(at).methods == methods
    assert all(f"with {name}" in sentence(at) for name in methods)
    assert len(components(at, "chart")) == 1


@pytest.mark.parametrize("methods", PARTS, ids=link)
def test_optimization_runs_and_compares_own_methods(methods):
    at = open_page(optimization.SLUG, set="wine", scaling="standardised", methods=link(methods))
    assert not at.exception
    assert not at.warning
    settings = OptimizationSettings.of(problem="wine", scaling="standardised", methods=methods)
    problem = optimization_problem("wine", standardised=True)

    def found(kind, name):
        return optimization.STUDIES.now(of_method(kind, name), settings)

    for name in methods:
        path = found("run", name)
        assert f"{name} " in sentence(at)
        step, damping = settings.step_sizes[name], settings.dampings[name]
        assert step == METHODS[name].step_size
        assert damping == METHODS[name].damping
        last = min(3, int(path.steps_done[0]) - 1)
        thetas = slow.run(problem, name, METHODS[name], np.zeros(problem.D), step, damping, last)
        assert_allclose(path.thetas[0, last], thetas[-1], rtol=1e-6, atol=1e-9)
    other = settings.compared[0]
    cosines, theta = found("cosines", other), found("run", other).thetas[0, 1]
    damping = settings.dampings[other]
    a = slow.direction(problem, "NGD", METHODS["NGD"], theta, damping)
    b = slow.direction(problem, other, METHODS[other], theta, damping)
    expected = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert_allclose(cosines.damped[1], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["2EF", "diagonal", "own damping"])
def test_a_grid_of_an_own_method_is_computed_on_request(monkeypatch, name):
    monkeypatch.setattr(studied, "STEP_SIZES", steps := np.array([1e-3, 1e-2]))
    monkeypatch.setattr(studied, "DAMPINGS", dampings := np.array([0.1, 10.0]))
    settings = OptimizationSettings.of(problem="wine", methods=(name,))
    problem = optimization_problem("wine")
    grid = optimization.STUDIES.now(of_method("grid", name), settings)
    start = np.zeros(problem.D)
    for i, step in enumerate(steps):
        for j, damping in enumerate(dampings):
            one = run(problem, name, start, step_size=step, damping=damping, n_steps=100)
            if grid.status[i, j] == "finished":
                assert_allclose(grid.final_loss[i, j], float(one.final_loss), rtol=1e-6)


@pytest.mark.parametrize("name", [*WITH_A_MATRIX, "NGD", "Newton"])
def test_gradient_noise_takes_the_matrix_of_all_examples_to_the_mini_batch(name):
    settings = GradientNoiseSettings.of(
        problem="fig2", N=30, batch_size=30, sampling="without", n_steps=10, seeds=2, damping=0.1,
        methods=("SGD", name),
    )  # fmt: skip
    found = gradient_noise.STUDIES.everything(settings)
    # A mini-batch of all examples has no noise: the run is that of the method.
    scale, curvature = found.scales[name], METHODS["NGD"].matrix
    at = found.problem.theta_star
    largest = np.linalg.eigvalsh(curvature.matrix(found.problem, at))[-1]
    step_size = scale * settings.step_size / largest
    thetas = slow.run(found.problem, name, METHODS[name], found.at, step_size, 0.1, 10)
    end = found.runs.result.final_theta[name]
    assert_allclose(end, np.broadcast_to(thetas[-1], end.shape), rtol=1e-8, atol=1e-10)


def test_gradient_noise_opens_with_own_methods_and_names_one_without_a_matrix():
    at = open_page(gradient_noise.SLUG, methods="SGD,2EF,root,sign", n="50", steps="10")
    assert not at.exception
    assert settings_of(at, gradient_noise.SLUG).methods == ("SGD", "2EF", "root")
    assert 'contains "sign"' in at.warning[0].value


def test_a_downloaded_script_finds_the_extension(tmp_path):
    settings = VectorFieldsSettings.of(N=40, methods=("2EF", "H/2"), density=5, n_steps=20)
    code = figure_script(
        "Vector fields", "fields", vector_fields.STUDIES, vector_fields.CHART.call, settings
    )
    (tmp_path / "fields.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "fields.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "fields.csv").read_text()
    assert "2EF" in written
    assert "H/2" in written


@pytest.mark.parametrize("slug", [slug for slug in WITH_PROBLEM if slug != optimization.SLUG])
def test_an_own_problem_is_shown(slug):
    at = open_page(slug, problem="robust")
    assert not at.exception
    assert not at.warning
    assert settings_of(at, slug).problem == "robust"
    assert at.selectbox[0].value == "robust"
    assert "2 degrees of freedom" in at.selectbox[0].help


def one_class(problem, theta, damping):
    """A direction for Fig. 1 alone, which says so elsewhere."""
    if problem.likelihood.classes:
        raise ValueError("only numbers can be targets")
    return problem.gradient(theta)


PAGES_WITH_METHODS = [
    (vector_fields.SLUG, {"problem": "fig2"}),
    (optimization.SLUG, {"set": "breast-cancer", "scaling": "standardised"}),
]


@pytest.mark.parametrize(("slug", "query"), PAGES_WITH_METHODS)
def test_a_method_that_refuses_a_problem_says_why_on_the_page(monkeypatch, slug, query):
    monkeypatch.setitem(METHODS, "sign", Method("Numbers only", rule=one_class))
    SHARED.clear()  # results with the method that had this name before
    at = open_page(slug, methods="GD,sign", **query)
    SHARED.clear()
    assert not at.exception
    assert "Numbers only" in at.info[0].value
    assert "only numbers can be targets" in at.info[0].value
    assert len(at.info) == 1
