"""Every claim of the paper is listed and holds; its check fails when its formula is broken."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest

from efviz.arrays import Array
from efviz.command.main import main
from efviz.curvature import empirical_fisher, fisher, ggn, hessian
from efviz.dashboard.pages import PAGES
from efviz.datasets.dataset import Dataset
from efviz.numerics.linalg import Solution
from efviz.optimizers import direction, run
from efviz.paper import (
    CLAIMS,
    LIBRARY,
    LISTED,
    SECTIONS,
    Claim,
    Formulas,
    Measure,
    Result,
    summary,
)
from efviz.problems import LIKELIHOODS, Problem
from efviz.work import Work

CHECKED = [key for key, claim in LISTED.items() if claim.check]


@pytest.mark.parametrize("key", CHECKED)
def test_the_claim_holds(key: str) -> None:
    result = LISTED[key].result()
    assert result.passed, [m for m in result.measures if not m.passed]
    assert all(m.words and np.isfinite(m.value) for m in result.measures)


def numbers(word: str) -> set[int]:
    """Those that CLAIMS names as `word`s, "Eq." or "Fig."."""
    named = [re.findall(rf"{word}s?\.? ([\d, ]+)", claim.where) for claim in CLAIMS.values()]
    return {int(n) for texts in named for text in texts for n in re.findall(r"\d+", text)}


@pytest.mark.parametrize(
    ("word", "last"), [("Eq", 53), ("Fig", 6), ("Table", 6), ("Prop", 2), ("Def", 1)]
)
def test_every_number_of_the_paper_is_listed(word: str, last: int) -> None:
    assert numbers(word) == set(range(1, last + 1))


def test_every_claim_is_registered_once_and_in_a_section() -> None:
    subjects = [paper_module(name) for name in SUBJECTS]
    keys = [claim.key for subject in subjects for claim in subject.CLAIMS]
    assert sorted(keys) == sorted(LISTED)
    assert list(dict.fromkeys(c.section for c in LISTED.values())) == list(SECTIONS)


SUBJECTS = (
    "conclusions",
    "critique",
    "definitions",
    "gauss_newton",
    "geometry",
    "later",
    "losses",
    "progress",
    "variance",
)


def paper_module(name: str) -> Any:
    return import_module(f"efviz.paper.{name}")


# What is broken, and the checks that have to see it.


def mean_to_sum(matrix: Callable[..., Array]) -> Callable[..., Array]:
    return lambda problem, *args: matrix(problem, *args) * problem.N


def unit_sigma(matrix: Callable[..., Array]) -> Callable[..., Array]:
    """Without the model's own sigma."""

    def broken(problem: Problem, theta: Any) -> Array:
        return matrix(problem, theta) * getattr(problem.likelihood, "sigma", 1.0) ** 2

    return broken


def most_likely_labels(problem: Problem, theta: Any, *_: Any) -> Array:
    return LIBRARY.most_likely_fisher(problem, theta)


def with_split(key: str, **change: Any) -> dict[str, Any]:
    splits: Any = LIBRARY.splits
    return dict(splits) | {key: replace(splits[key], **change)}


def with_likelihood(name: str, **methods: Any) -> dict[str, Any]:
    kinds: Any = LIKELIHOODS
    return dict(kinds) | {name: type("Broken", (kinds[name],), methods)}


def method_swapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """EF where the Fisher belongs and the other way round, GD with the Fisher."""
    other = {"NGD": "EFGD", "EFGD": "NGD", "GD": "NGD", "Newton": "NGD"}
    return lambda problem, method, *args, **kwargs: function(
        problem, other[method], *args, **kwargs
    )


def halved(function: Callable[..., Solution]) -> Callable[..., Solution]:
    """Pulled towards the gradient, which EF or F should turn."""

    def broken(problem: Problem, method: str, theta: Any, **kwargs: Any) -> Solution:
        found = function(problem, method, theta, **kwargs)
        return Solution(problem.gradient(theta), found.rank_deficient)

    return broken


def printed_tables(problem: str, path: str = "", strength: float = 0.0, **more: Any) -> Dataset:
    """Tables 2 and 3 and Eq. 49 as printed: covariances M, variance 2, sigma^2 = 3/4."""
    data = LIBRARY.sample(problem, path, strength, **more)
    if problem == "fig1":
        x = data.X[:, 1] ** (np.sqrt(0.75) / 0.75)
        return replace(data, X=np.stack([data.X[:, 0], x], axis=-1))
    if problem == "fig4":
        return replace(data, y=data.y - 1 - (1 - 2**-0.5) * (path == "noise") * (data.y - 1))
    X = data.X.copy()
    for label in (0, 1):
        part = data.y == label
        mean = X[part].mean(0)
        w, V = np.linalg.eigh(np.cov(X[part].T))
        X[part] = mean + (X[part] - mean) @ V @ np.diag(w**-0.25) @ V.T
    return replace(data, X=X)


def correct_only(problem: str, path: str = "", strength: float = 0.0, **more: Any) -> Dataset:
    return LIBRARY.sample(problem, path, 0.0, **more)


def always_misspecified(problem: str, path: str = "", s: float = 0.0, **more: Any) -> Dataset:
    wrong = {"fig4": "quadratic", "saturation": "trend"}.get(problem)
    return LIBRARY.sample(problem, wrong, 1.0, **more) if wrong else LIBRARY.sample(problem, **more)


def ridged(problem: str) -> Problem:
    """Without the bias column and with the last example lost."""
    whole = LIBRARY.table(problem)
    return replace(whole, X=whole.X[:-1, :-1].copy(), y=whole.y[:-1].copy(), parameter_names=(),
                   start=np.zeros(0))  # fmt: skip


def lines_shuffled() -> list[Any]:
    """As if EFGD and NGD had been mixed up and every verdict were "same"."""
    other = {"GD": "GD", "NGD": "EFGD", "EFGD": "NGD"}
    return [replace(line, method=other[line.method], verdict="same") for line in LIBRARY.lines()]


def slow_divergence(problem: Problem, theta: Any, deltas: Any, **kwargs: Any) -> Array:
    return 2 * LIBRARY.divergence(problem, theta, deltas, **kwargs)


def euclid_for_all(problem: Problem, theta: Any, distance: str, radii: Any) -> Any:
    return LIBRARY.descent(problem, theta, "euclidean", radii)


def uncentred(problem: Problem, theta: Any) -> Any:
    """The covariance about zero."""
    noise = LIBRARY.noise(problem, theta)
    return replace(noise, covariance=noise.empirical_fisher)


def uncorrelated(problem: Problem, theta: Any) -> Any:
    noise = LIBRARY.noise(problem, theta)
    return replace(noise, covariance=noise.covariance * np.eye(problem.D))


def constant_lengths(*args: Any) -> Work[Any]:
    found = yield from LIBRARY.step_lengths(*args)
    return replace(found, directions={m: np.ones_like(v) for m, v in found.directions.items()})


def transposed(noise: Any, sizes: Any) -> dict[str, Array]:
    found = LIBRARY.errors(noise, sizes)
    return found | {"full": found["printed"]}


def renamed() -> dict[str, Any]:
    terms: Any = LIBRARY.vocabulary
    return dict(terms) | {"fisher": terms["empirical_fisher"]}


def costly() -> dict[str, Any]:
    sources: Any = LIBRARY.sources
    return dict(sources) | {"sampled": replace(sources["sampled"], cost=sources["exact"].cost)}


def rootless() -> dict[str, Any]:
    methods: Any = LIBRARY.stochastic
    return dict(methods) | {"RMS": methods["EFSGD"]}


def gaussian_as_label(self: Any, f: Array, y: Array) -> Array:
    return y[:, None, None] * np.ones((*f.shape, f.shape[-1]))


def not_halved(self: Any, f: Array, y: Array) -> Array:
    return (f[..., 0] - y) ** 2


def without_y(self: Any, f: Array, y: Array) -> Array:
    return self.mean(f)


def printed_partials(self: Any, f: Array, y: Array | None = None) -> Array:
    p = self.mean(f)
    return p[..., :, None] * np.eye(f.shape[-1])


@dataclass(frozen=True)
class Break:
    formulas: Formulas
    seen_by: tuple[str, ...]


def broken(seen_by: str, **change: Any) -> Break:
    return Break(replace(LIBRARY, **change), tuple(seen_by.split()))


BREAKS: dict[str, Break] = {
    "EF for batches of any size": broken(
        "batches-averaged square-first batch-of-one variants-in-use",
        batch_fisher=lambda p, t, B: 1.001 * empirical_fisher(p, t),
    ),
    "F for the model's best guess": broken(
        "own-guess", most_likely_fisher=lambda p, t: 1.1 * fisher(p, t)
    ),
    "observed labels for drawn ones": broken(
        "sampled-not-observed", mc_fisher=lambda p, t, *_: empirical_fisher(p, t)
    ),
    "GD for powers and units of matrices": broken(
        "root-and-units root-is-bounded uphill-is-units improved-toy",
        direction=lambda p, m, t, **more: direction(p, "GD", t, **more),
    ),
    "EF for the improved EF": broken("improved-matrix", improved=empirical_fisher),
    "the minimum for where the update stops": broken(
        "improved-update", stationary_point=lambda problem: problem.theta_star
    ),
    "the square in Proposition 2": broken("prop-2", bounded=lambda bound: bound.printed),
    "EF in place of F": broken(
        "eq-2-6 eq-4-22 label-for-expectation not-monte-carlo eq-5 eq-21 eq-23 eq-24 eq-25 "
        "eq-26 eq-29 eq-30 eq-35 eq-41-43 labels-as-the-model eq-17 all-approach "
        "fig-2 fig-4 arbitrarily-wrong well-performing start-at-zero no-curvature all-conditions "
        "eq-38 eq-15",
        fisher=empirical_fisher,
        empirical_fisher=lambda problem, theta: 1.5 * fisher(problem, theta),
    ),
    "F in place of EF": broken(
        "eq-3-7 label-for-expectation not-monte-carlo table-1 eq-14 eq-15 eq-18 eq-30 misspecified "
        "fig-2 fig-4 arbitrarily-wrong overparameterised no-curvature all-conditions "
        "stochastic-gradient counteracts",
        empirical_fisher=fisher,
    ),
    "EF in place of G": broken(
        "prop-1 eq-8 eq-10 eq-36 eq-37 eq-46 perfect-fit prop-2", ggn=empirical_fisher
    ),
    "G in place of H": broken(
        "eq-8 eq-10 exact-if-fitted eq-47 prop-2", hessian=lambda p, t: 1.0 * ggn(p, t)
    ),
    "argmax labels": broken("eq-38 not-monte-carlo", mc_fisher=most_likely_labels),
    "observed labels for sampled ones": broken(
        "eq-38 not-monte-carlo", mc_fisher=lambda p, t, *_: empirical_fisher(p, t)
    ),
    "F as the matrix of the likeliest label": broken("most-likely", most_likely_fisher=fisher),
    "sums for means": broken(
        "eq-1 eq-2-6 eq-3-7 eq-5 eq-15 eq-18 appendix-d exact-if-fitted eq-48 prop-2",
        loss=mean_to_sum(Problem.loss),
        fisher=mean_to_sum(fisher),
        empirical_fisher=mean_to_sum(empirical_fisher),
        hessian=mean_to_sum(hessian),
    ),
    "F and EF without sigma": broken(
        "eq-2-6 eq-3-7 eq-29 eq-15",
        fisher=unit_sigma(fisher),
        empirical_fisher=unit_sigma(empirical_fisher),
    ),
    "gradients with the other sign": broken(
        "eq-40 stochastic-gradient", gradients=lambda p, t: -p.per_example_gradients(t)
    ),
    "a split that forgets its remainder": broken(
        "eq-9 split",
        splits=with_split("empirical_fisher", remainder=lambda p, t: 0 * hessian(p, t)),
    ),
    "splits that take each other's matrix": broken(
        "eq-11", splits=with_split("parameters", ggn=ggn) | with_split("canonical", ggn=hessian)
    ),
    "the slope of p for that of log p": broken(
        "eq-14 definition-1",
        splits=with_split(
            "empirical_fisher",
            outer_gradient=lambda p, t: 0.5
            / LIBRARY.splits["empirical_fisher"].outer_gradient(p, t),
        ),
    ),
    "a Gaussian that is not normalised": broken(
        "eq-27", likelihoods=with_likelihood("gaussian", nll=not_halved)
    ),
    "a Hessian that depends on y": broken(
        "eq-28 eq-44", likelihoods=with_likelihood("gaussian", hessian=gaussian_as_label)
    ),
    "logits for probabilities": broken(
        "eq-31", likelihoods=with_likelihood("categorical", mean=lambda self, f: f)
    ),
    "softmax without its off-diagonal": broken(
        "eq-32 eq-33 eq-34 eq-41-43",
        likelihoods=with_likelihood(
            "categorical", hessian=printed_partials, fisher=printed_partials
        ),
    ),
    "residuals without y": broken(
        "eq-53", likelihoods=with_likelihood("bernoulli", gradient=without_y)
    ),
    "softmax residuals without y": broken(
        "eq-39", likelihoods=with_likelihood("categorical", gradient=without_y)
    ),
    "KL twice as large": broken("eq-21", divergence=slow_divergence),
    "Euclidean balls for KL": broken("eq-20", descent=euclid_for_all),
    "methods swapped": broken(
        "preconditioned-step eq-50 eq-51 eq-52 fig-1 fig-6 worse-than-gradients one-step-size "
        "step-and-start",
        direction=method_swapped(direction),
        run=method_swapped(run),
    ),
    "plain gradients": broken("pathologies fig-3 fig-5", direction=halved(direction)),
    "lengths that do not depend on the gradient": broken(
        "inverse-scaling", step_lengths=constant_lengths
    ),
    "an uncentred covariance": broken("eq-18", noise=uncentred),
    "noise without correlations": broken("eq-18 most-probable", noise=uncorrelated),
    "no adaptation": broken("diagonal", adaptation=lambda g, v, c: np.ones_like(g)),
    "Eq. 19 as printed": broken("eq-19", errors=transposed),
    "EF for its square root": broken("square-root", stochastic=rootless()),
    "tables as printed": broken("table-2 table-3 eq-49 fig-2", sample=printed_tables),
    "data without misspecification": broken(
        "misspecified fig-2 fig-4 well-performing all-conditions", sample=correct_only
    ),
    "data without a correct model": broken(
        "eq-17 all-approach all-conditions fig-4", sample=always_misspecified
    ),
    "other tables": broken("table-4", table=ridged),
    "the grid of Table 5's caption": broken(
        "table-5", grid=(np.logspace(-20, 10, 121), np.logspace(-10, 10, 81))
    ),
    "lines of Table 6 mixed up": broken(
        "table-6 fig-3 fig-5 poor-performance", lines=lines_shuffled
    ),
    "names mixed up": broken("table-1", vocabulary=renamed()),
    "a costly sample": broken("same-cost", sources=costly()),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name, entry in BREAKS.items() for key in entry.seen_by]
)
def test_a_broken_formula_fails_its_check(name: str, key: str) -> None:
    with np.errstate(all="ignore"):
        assert not LISTED[key].result(BREAKS[name].formulas).passed


def test_every_check_is_broken_by_something() -> None:
    assert {key for entry in BREAKS.values() for key in entry.seen_by} == set(CHECKED)


@pytest.mark.parametrize("key", [key for key, claim in LISTED.items() if claim.link])
def test_a_link_says_only_what_its_page_knows(key: str) -> None:
    link = LISTED[key].link
    assert link
    if link.page not in PAGES:
        pytest.skip(f"there is no page {link.page} yet")
    query = dict(parse_qsl(link.query, strict_parsing=bool(link.query)))
    _, sentences = PAGES[link.page].settings.read(query)
    assert sentences == []


def test_a_number_passes_within_its_bounds_and_nan_never() -> None:
    assert Measure("x", 1.0, 1.0, 2.0).passed
    assert not Measure("x", 0.99, 1.0, 2.0).passed
    assert not Measure("x", 2.01, 1.0, 2.0).passed
    assert not Measure("x", float("nan")).passed
    assert not Result(()).passed
    tolerances = [
        Measure("x", 0.0, high=1e-9).tolerance,
        Measure("x", 0.0, low=0.5).tolerance,
        Measure("x", 0.0, 0.4, 0.6).tolerance,
        Measure("x", 0.0, 13, 13).tolerance,
    ]
    assert tolerances == ["≤ 10⁻⁹", "≥ 0.5", "= 0.5 ± 0.1", "= 13"]
    assert [Measure("x", v).shown for v in (1605.0, 1.23456e-8)] == ["1,605", "1.23·10⁻⁸"]


def test_a_claim_has_a_check_or_a_reason_for_none() -> None:
    with pytest.raises(ValueError, match="needs either"):
        Claim("x", "equation", "Eq. 0", "1", "nothing")
    with pytest.raises(ValueError, match="no check"):
        LISTED["safer"].result()


HOLDS, FAILS = Result((Measure("x", 0.0, 0, 0),)), Result((Measure("x", 1.0, 0, 0),))


def test_the_summary_counts() -> None:
    assert summary([HOLDS, FAILS]).startswith(f"1 of 2 checks hold ({len(CHECKED) - 2} to come).")
    assert summary([HOLDS] * len(CHECKED)).startswith(f"{len(CHECKED)} of {len(CHECKED)} checks")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """All checks hold at once, but for Eq. 17, which fails."""
    monkeypatch.setattr(Claim, "result", lambda self, *_: FAILS if self.key == "eq-17" else HOLDS)


@pytest.mark.slow
def test_the_command_prints_a_line_for_each_claim(capsys: Any) -> None:
    assert main(["paper"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(LISTED) + 1
    assert sum(line.startswith("ok") for line in lines) == len(CHECKED)
    assert not any(line.startswith("FAILS") for line in lines)


@pytest.mark.usefixtures("quick")
def test_the_command_fails_with_a_check(capsys: Any) -> None:
    assert main(["paper"]) == 1
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAILS")]
    assert main(["paper", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [row["key"] for row in rows] == list(LISTED)
    assert [row["key"] for row in rows if row["passed"] is False] == ["eq-17"]
    assert rows[0]["measures"][0]["tolerance"] == "= 0"
