"""Any choice of methods is shown, whatever else is switched on."""

import pytest
from visiting import components, html, open_page, sentence, settings_of

from efviz.dashboard.pages.gradient_noise import page as gradient_noise
from efviz.dashboard.pages.method_settings import of_method
from efviz.dashboard.pages.optimization import page as optimization
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.optimizers import METHODS
from efviz.optimizers.stochastic import on_minibatches
from efviz.studies.alignment import compared

CHOICES = [*((name,) for name in METHODS), ("GD", "EFGD"), ("NGD", "Newton"), ("EFGD", "Newton")]


def link(methods: tuple[str, ...]) -> str:
    return ",".join(methods)


@pytest.mark.parametrize("methods", CHOICES, ids=link)
def test_vector_fields_shows_any_choice(methods: tuple[str, ...]) -> None:
    at = open_page(methods=link(methods), cos="1", play="1", n="50", steps="20")
    assert not at.exception
    assert not at.warning
    assert settings_of(at, vector_fields.SLUG).methods == methods
    assert all(f"with {name}" in sentence(at) for name in methods)


@pytest.mark.parametrize("methods", CHOICES, ids=link)
def test_optimization_shows_any_choice(methods: tuple[str, ...]) -> None:
    at = open_page(optimization.SLUG, set="wine", far="1", methods=link(methods))
    assert not at.exception
    assert not at.warning
    assert all(f"{name} ends at" in sentence(at) for name in methods)
    shipped = {"GD", "NGD", "EFGD"} & {*methods}
    assert len(components(at, "chart")) == 2 + bool(shipped)
    labels = [button.label for button in at.button]
    assert ("Run all 9,881 cells" in labels) == bool({*methods} - {"GD", "NGD", "EFGD"})


@pytest.mark.parametrize("name", on_minibatches())
def test_gradient_noise_shows_every_method_alone(name: str) -> None:
    at = open_page(gradient_noise.SLUG, methods=name, n="50", steps="10")
    assert not at.exception
    assert not at.warning
    assert f">{name} <small>" in html(at)


def test_more_than_four_methods_are_too_many() -> None:
    at = open_page(gradient_noise.SLUG, methods="SGD,EFSGD,VA,RMS,NGD", n="50", steps="10")
    assert "names more than 4" in at.warning[0].value
    assert len(settings_of(at, gradient_noise.SLUG).methods) == 4


def test_a_choice_of_methods_survives_another_problem_and_ends_with_a_reset() -> None:
    now = VectorFieldsSettings.of(methods=("GD", "Newton"), scale_Newton=3.0)
    assert now.kept(problem="fig2").methods == ("GD", "Newton")
    assert now.reset().methods == ("GD", "NGD", "EFGD")
    assert now.query == "methods=GD,Newton&scale_Newton=3"


@pytest.mark.parametrize(
    ("methods", "pair"),
    [
        (("GD", "NGD", "EFGD"), ("NGD", "EFGD")),
        (("NGD",), ("NGD", "EFGD")),
        (("NGD", "Newton"), ("NGD", "Newton")),
        (("GD", "EFGD", "Newton"), ("NGD", "EFGD")),
        (("GD",), ("NGD", "GD")),
    ],
)
def test_directions_are_compared_with_those_of_ngd(methods, pair) -> None:
    assert compared(methods) == pair


@pytest.mark.parametrize(
    "name", ["K-FAC (mine)", "EF^(1/2)", "√EF", "my__m", "_x_", "a b", "α", "EF", "1"]
)
def test_any_name_makes_a_key_of_a_widget(name: str) -> None:
    made = of_method("step", name)
    assert made.isidentifier()
    assert "__" not in made
    assert not made.endswith("_")
    others = {of_method("step", other) for other in ("KFAC", "EF12", "x", "ab", "mym", "√", "1_")}
    assert made not in others
