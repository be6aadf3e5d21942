"""Seeded synthetic families, each with paths that lead away from the correct model.

A path has a strength s: s = 0 is the correct model, s = 1 the paper's misspecified case (or a
comparable one where the paper has none), and the slider extends beyond both. All strengths use the
same standard draws, x first and then the noise, so pictures change smoothly with s. The draws come
from `np.random.RandomState(seed)`, whose stream is frozen across NumPy versions; seed 0 and N =
1000 give the data of the published figures exactly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.random import RandomState

from efviz.arrays import Array, frozen
from efviz.datasets.dataset import Dataset, Task
from efviz.datasets.draws import affine, poisson_quantile


@dataclass(frozen=True)
class Path:
    """One kind of misspecification, and the bounds of its strength."""

    title: str
    formula: str
    low: float
    high: float


Draws = tuple[Array, ...]


@dataclass(frozen=True)
class Family:
    """A synthetic data set.

    `draw(random, N)` returns the standard draws of N examples, which all paths and strengths share;
    `shape(draws, path, strength)` turns them into (X, y). `published` names what the paper shows:
    under "" at s = 0, and under a path at its s = 1.
    """

    title: str
    task: Task
    formula: str
    feature_names: tuple[str, ...]
    paths: Mapping[str, Path]
    draw: Callable[[RandomState, int], Draws]
    shape: Callable[[Draws, str, float], tuple[Array, Array]]
    citation: str = ""
    published: Mapping[str, str] = field(default_factory=dict)

    def draws(self, N: int = 1000, seed: int = 0) -> Draws:
        """The standard draws behind `sample`, for callers that vary the strength."""
        if N < 1:
            raise ValueError(f"N must be at least 1, got {N}")
        return tuple(map(frozen, self.draw(RandomState(seed), N)))

    def sample(
        self,
        N: int = 1000,
        seed: int = 0,
        path: str = "",
        strength: float = 0.0,
        draws: Draws | None = None,
    ) -> Dataset:
        """N examples at `strength` along `path` (the first path if none is named).

        `draws` are those of this N and seed, if the caller has them already.
        """
        path = path or next(iter(self.paths))
        if path not in self.paths:
            raise ValueError(f"{self.title} has no path {path!r}, only {', '.join(self.paths)}")
        bounds = self.paths[path]
        if not bounds.low <= strength <= bounds.high:
            raise ValueError(
                f"the strength of {path!r} runs from {bounds.low} to {bounds.high}, got {strength}"
            )
        X, y = self.shape(self.draws(N, seed) if draws is None else draws, path, strength)
        # Problems share read-only arrays.
        X, y = frozen(X), frozen(y)
        return Dataset(
            X, y, self.feature_names, "y", self.task, name=self.title, citation=self.citation
        )


def _noise(z: Array, x: Array, path: str, strength: float) -> Array:
    """Turn standard normal draws z into the noise of `path`; s = 0 gives z itself."""
    if path == "noise":
        return (1 + strength) * z
    if path == "heavy tails":
        # Tukey's h distribution, scaled to unit variance: only the tails differ from N(0, 1).
        h = strength / 4
        return z * np.exp(h * z**2 / 2) * (1 - 2 * h) ** 0.75
    if path == "growing noise":
        return x**strength * z
    return z


_NOISE = Path("Noise scale", r"\varepsilon \sim \mathcal N(0, (1+s)^2)", -1, 3)
_QUADRATIC = Path("Missing quadratic term", r"y \leftarrow y + \tfrac{s}{2} x^2", -1, 3)


def _with_ones(x: Array, column: int) -> Array:
    X = np.ones((len(x), 2))
    X[:, column] = x
    return X


def _draw_lognormal(random: RandomState, N: int) -> Draws:
    return random.lognormal(0, 0.75, N), random.standard_normal(N)


def _draw_normal(random: RandomState, N: int) -> Draws:
    return random.standard_normal(N), random.standard_normal(N)


def _line(
    draws: Draws, path: str, s: float, *, intercept: float, slope: float, column: int
) -> tuple[Array, Array]:
    """A noisy line in x, which becomes that column of X."""
    x, z = draws
    y = intercept + slope * x + _noise(z, x, path, s)
    if path == "quadratic":
        y += s / 2 * x**2
    return _with_ones(x, column), y


# Class means and mixing matrices (x = mu + M z) of Fig. 2: (mu_0, M_0), (mu_1, M_1).
_CORRECT = ((1.0, 1.0), ((2.0, 0.0), (0.0, 2.0))), ((-1.0, -1.0), ((2.0, 0.0), (0.0, 2.0)))
_CLASSES = {
    "A": (((1.5, 1.5), ((3.0, 0.0), (0.0, 3.0))), ((-1.5, -1.5), ((1.0, 0.0), (0.0, 1.0)))),
    "B": (((1.0, 1.0), ((1.5, -0.9), (-0.9, 1.5))), ((-1.0, -1.0), ((1.5, 0.9), (0.9, 1.5)))),
}


def _draw_two_classes(random: RandomState, N: int) -> Draws:
    """The standard normal z of class 0, then of class 1."""
    return random.standard_normal((N - N // 2, 2)), random.standard_normal((N // 2, 2))


def _two_classes(draws: Draws, path: str, s: float) -> tuple[Array, Array]:
    sizes = [len(z) for z in draws]
    X = np.empty((sum(sizes), 2))
    parts = X[: sizes[0]], X[sizes[0] :]
    for part, z, correct, misspecified in zip(parts, draws, _CORRECT, _CLASSES[path], strict=True):
        mu, M = (
            (1 - s) * np.array(a) + s * np.array(b)
            for a, b in zip(correct, misspecified, strict=True)
        )
        affine(z, M, mu, part)
    return X, np.repeat([0.0, 1.0], sizes)


def _draw_counts(random: RandomState, N: int) -> Draws:
    """x, and uniform quantile levels of the counts and of their rates."""
    from scipy.special import ndtr

    x, u, z = (random.standard_normal(N) for _ in range(3))
    return x, ndtr(u), ndtr(z)


def _counts(draws: Draws, path: str, s: float) -> tuple[Array, Array]:
    from scipy.stats import gamma, poisson

    x, u, v = draws
    rate = np.exp(0.5 + 0.5 * x + (s / 4 * x**2 if path == "quadratic" else 0))
    if path == "overdispersion" and s > 0:
        # Gamma-mixed rates with mean 1 and variance s: negative binomial counts.
        rate = rate * gamma.ppf(v, 1 / s, scale=s)
    large = rate > _LARGE
    # The memory of a compiled result is numba's: NumPy cannot tell who else may change it.
    y = poisson_quantile(u, np.where(large, 0.0, rate)).copy()
    if large.any():
        y[large] = poisson.ppf(u[large], rate[large])
    return _with_ones(x, 1), y


# Beyond this rate exp(-rate) approaches underflow.
_LARGE = 500.0


def _draw_three_classes(random: RandomState, N: int) -> Draws:
    """x, uniform quantile levels of the labels, and deviations of the slopes of each example."""
    from scipy.special import ndtr

    x, u, *slopes = (random.standard_normal(N) for _ in range(4))
    return x, ndtr(u), np.stack(slopes, axis=-1)


def _three_classes(draws: Draws, path: str, s: float) -> tuple[Array, Array]:
    from scipy.special import softmax

    x, u, deviations = draws
    f = np.zeros((len(x), 3))
    slopes = np.array([2.0, -1.0]) + (s * deviations if path == "slopes" else 0.0)
    f[:, 1:] = x[:, None] * slopes
    if path == "intercept":
        f[:, 0] += s
    if path == "quadratic":
        f[:, 0] += s / 2 * x**2
    p = softmax(f, axis=1)
    if path == "label noise":
        p = (1 - 0.3 * s) * p + 0.3 * s / 3
    y = (u[:, None] > np.cumsum(p, axis=1)[:, :2]).sum(axis=1)
    return x[:, None], y.astype(float)


def _draw_saturating(random: RandomState, N: int) -> Draws:
    return 4 * random.random_sample(N), random.standard_normal(N)


def _saturating(draws: Draws, path: str, s: float) -> tuple[Array, Array]:
    x, z = draws
    y = 2 * (1 - np.exp(-x)) + 0.2 * _noise(z, x, path, s)
    if path == "trend":
        y += s / 4 * x
    return x[:, None], y


FAMILIES: dict[str, Family] = {
    "lognormal": Family(
        title="Log-normal line",
        task="regression",
        formula=r"y = 2 + 2x + \varepsilon,\quad \log x \sim \mathcal N(0, 0.75^2)",
        feature_names=("1", "x"),
        paths={
            "noise": _NOISE,
            "quadratic": _QUADRATIC,
            "heavy tails": Path(
                "Heavy-tailed noise", r"\varepsilon \sim \text{Tukey } h = s/4", 0, 1.75
            ),
            "growing noise": Path(
                "Noise growing with x", r"\varepsilon \sim \mathcal N(0, x^{2s})", -1, 2
            ),
        },
        draw=_draw_lognormal,
        shape=partial(_line, intercept=2, slope=2, column=1),
        citation="Kunstner et al. (2019), Fig. 1, Eq. 49",
        published={"": "Fig. 1"},
    ),
    "line": Family(
        title="Normal line",
        task="regression",
        formula=r"y = 1 + x + \varepsilon,\quad x \sim \mathcal N(0, 1)",
        feature_names=("x", "1"),
        paths={"noise": _NOISE, "quadratic": _QUADRATIC},
        draw=_draw_normal,
        shape=partial(_line, intercept=1, slope=1, column=0),
        citation="Kunstner et al. (2019), Fig. 4, Table 3",
        published={
            "": "one case of Fig. 4",
            "noise": "case A of Fig. 4",
            "quadratic": "case B of Fig. 4",
        },
    ),
    "classes": Family(
        title="Two classes",
        task="classification",
        formula=r"x = \mu_y + M_y z,\quad z \sim \mathcal N(0, I)",
        feature_names=("x₁", "x₂"),
        paths={
            "A": Path("Unequal spread", r"M_0 = (2+s) I,\ M_1 = (2-s) I", -1, 1.75),
            "B": Path("Unequal correlation", r"M_{0,1} \to (1.5, \mp 0.9)", -1, 1.5),
        },
        draw=_draw_two_classes,
        shape=_two_classes,
        citation="Kunstner et al. (2019), Fig. 2, Table 2",
        published={
            "": "one case of Fig. 2",
            "A": "case A of Fig. 2",
            "B": "case B of Fig. 2",
        },
    ),
    "counts": Family(
        title="Counts",
        task="count",
        formula=r"y \sim \text{Poisson}(e^{(1+x)/2}),\quad x \sim \mathcal N(0, 1)",
        feature_names=("1", "x"),
        paths={
            "overdispersion": Path(
                "Overdispersion", r"\text{rate} \sim \text{Gamma, variance } s", 0, 3
            ),
            "quadratic": Path(
                "Missing quadratic term", r"f \leftarrow f + \tfrac{s}{4} x^2", -1, 1.5
            ),
        },
        draw=_draw_counts,
        shape=_counts,
    ),
    "three classes": Family(
        title="Three classes",
        task="classification",
        formula=r"p(y \mid x) = \text{softmax}(0, 2x, -x),\quad x \sim \mathcal N(0, 1)",
        feature_names=("x",),
        paths={
            "intercept": Path("Missing intercept", r"f_0 \leftarrow f_0 + s", -1, 3),
            "quadratic": Path(
                "Missing quadratic term", r"f_0 \leftarrow f_0 + \tfrac{s}{2} x^2", -1, 3
            ),
            "label noise": Path("Random labels", r"0.3\,s \text{ of the labels are random}", 0, 3),
            "slopes": Path(
                "Slopes that differ",
                r"\text{slopes } \sim \mathcal N((2, -1), s^2 I) \text{ for each example}",
                0,
                3,
            ),
        },
        draw=_draw_three_classes,
        shape=_three_classes,
    ),
    "saturation": Family(
        title="Saturating curve",
        task="regression",
        formula=r"y = 2(1 - e^{-x}) + 0.2\,\varepsilon,\quad x \sim \mathcal U(0, 4)",
        feature_names=("x",),
        paths={
            "noise": _NOISE,
            "trend": Path("Missing trend", r"y \leftarrow y + \tfrac{s}{4} x", -1, 3),
        },
        draw=_draw_saturating,
        shape=_saturating,
    ),
}
