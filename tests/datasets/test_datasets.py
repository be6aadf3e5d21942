"""Synthetic families and their paths; real tables and two columns of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from efviz import DATASETS, load
from efviz.datasets import FAMILIES, available
from efviz.datasets.dataset import Dataset
from efviz.datasets.inputs import principal_components, two_inputs

PATHS = [(name, path) for name, family in FAMILIES.items() for path in family.paths]
IDS = [f"{name}, {path}" for name, path in PATHS]


@pytest.mark.parametrize(("name", "path"), PATHS, ids=IDS)
def test_strength_zero_is_the_same_correct_model_on_every_path(name, path):
    family = FAMILIES[name]
    plain, on_path = family.sample(N=50), family.sample(N=50, path=path, strength=0.0)
    assert_array_equal(on_path.X, plain.X)
    assert_array_equal(on_path.y, plain.y)


def test_cases_of_the_paper_have_the_means_and_spreads_of_its_tables():
    """Eq. 49 and Tables 2 and 3, where the misprints of the paper are corrected."""
    N = 200_000
    noise = {"Fig. 1": 1, "one case of Fig. 4": 1, "case A of Fig. 4": 2, "case B of Fig. 4": 1}
    mixed = {
        "one case of Fig. 2": ((1.0, 2.0, 0.0), (-1.0, 2.0, 0.0)),
        "case A of Fig. 2": ((1.5, 3.0, 0.0), (-1.5, 1.0, 0.0)),
        "case B of Fig. 2": ((1.0, 1.5, -0.9), (-1.0, 1.5, 0.9)),
    }
    named = []
    for name, family in FAMILIES.items():
        for path, said in family.published.items():
            data = family.sample(N, path=path, strength=float(path != ""))
            named.append(said)
            if said in noise:
                x = data.X[:, data.feature_names.index("x")]
                line = 2 + 2 * x if name == "lognormal" else 1 + x
                rest = data.y - line - (x**2 / 2 if "B" in said else 0)
                assert_allclose([rest.mean(), rest.std()], [0, noise[said]], atol=0.02)
                continue
            for label, (mean, own, other) in enumerate(mixed[said]):
                X, M = data.X[data.y == label], np.array([[own, other], [other, own]])
                assert_allclose(X.mean(0), mean, atol=0.03)
                assert_allclose(np.cov(X.T), M @ M, atol=0.1)
    assert sorted(named) == sorted([*noise, *mixed])


@pytest.mark.parametrize(("name", "path"), PATHS, ids=IDS)
def test_a_path_leads_away_and_without_jumps(name, path):
    family = FAMILIES[name]
    bounds = family.paths[path]
    strengths = np.linspace(bounds.low, bounds.high, 400)
    samples = [family.sample(N=40, path=path, strength=float(s)) for s in strengths]
    values = np.stack([np.column_stack([d.X, d.y]) for d in samples])
    assert np.isfinite(values).all()
    steps = np.abs(np.diff(values, axis=0))
    assert steps.max() > 0
    if family.task == "count" or name == "three classes":
        # Counts and labels move by jumps of one, each example at its own strength.
        assert np.median(steps[..., -1].sum(-1)) <= 0.2 * 40
    else:
        spread = np.abs(values).max((0, 1))
        assert (steps.max((0, 1)) <= 0.1 * spread).all()


@pytest.mark.parametrize(("name", "path"), PATHS, ids=IDS)
def test_the_ends_of_a_path_are_open_to_all_and_what_lies_beyond_is_named(name, path):
    family = FAMILIES[name]
    bounds = family.paths[path]
    assert bounds.low <= 0 <= 1 <= bounds.high
    for strength in (bounds.low, bounds.high):
        assert len(family.sample(N=1, path=path, strength=strength).y) == 1
    for strength in (bounds.low - 0.5, bounds.high + 0.5, np.nan):
        with pytest.raises(ValueError, match=rf"'{path}' runs from .* got {strength}"):
            family.sample(N=5, path=path, strength=strength)


@pytest.mark.parametrize("name", list(FAMILIES))
def test_an_unknown_path_and_no_examples_are_named(name):
    with pytest.raises(ValueError, match="has no path 'sideways', only "):
        FAMILIES[name].sample(N=5, path="sideways")
    for N in (0, -3):
        with pytest.raises(ValueError, match=f"N must be at least 1, got {N}"):
            FAMILIES[name].sample(N=N)


@pytest.mark.parametrize("name", list(FAMILIES))
def test_a_seed_gives_the_same_draws_again_and_another_gives_others(name):
    family = FAMILIES[name]
    once, again, other = (family.sample(N=20, seed=seed) for seed in (3, 3, 4))
    assert_array_equal(once.X, again.X)
    assert_array_equal(once.y, again.y)
    assert (once.X != other.X).any()
    assert once.X.shape == (20, len(family.feature_names))
    assert once.task == family.task


def test_a_family_changes_nothing_about_the_global_random_state():
    np.random.seed(7)  # noqa: NPY002  # the global state is what is tested
    expected = np.random.RandomState(7).standard_normal(3)
    FAMILIES["classes"].sample(N=10)
    assert_array_equal(np.random.standard_normal(3), expected)  # noqa: NPY002  # as above


def _residuals(name: str, truth, **knobs) -> tuple[np.ndarray, np.ndarray]:
    data = FAMILIES[name].sample(N=100_000, **knobs)
    x = data.X[:, data.feature_names.index("x")]
    return x, data.y - truth(x)


def test_the_lognormal_line_has_the_noise_its_path_says():
    def line(x):
        return 2 + 2 * x

    x, e = _residuals("lognormal", line)
    assert abs(e.mean()) < 0.02
    assert e.std() == pytest.approx(1, abs=0.02)
    assert np.log(x).std() == pytest.approx(0.75, abs=0.01)
    _, e = _residuals("lognormal", line, path="noise", strength=2)
    assert e.std() == pytest.approx(3, abs=0.05)
    _, e = _residuals("lognormal", line, path="noise", strength=-1)
    assert_allclose(e, 0, atol=1e-13)
    x, e = _residuals("lognormal", line, path="quadratic", strength=1.5)
    assert_allclose((e - 0.75 * x**2).std(), 1, atol=0.02)
    _, e = _residuals("lognormal", line, path="heavy tails", strength=1)
    assert e.std() == pytest.approx(1, abs=0.15)
    assert np.mean(np.abs(e) > 5) > 1e-4  # a normal: 6e-7
    x, e = _residuals("lognormal", line, path="growing noise", strength=1)
    assert (e / x).std() == pytest.approx(1, abs=0.02)


def test_counts_are_poisson_and_overdispersed_along_their_path():
    rate = FAMILIES["counts"]
    for strength in (0.0, 1.0, 3.0):
        data = rate.sample(N=100_000, path="overdispersion", strength=strength)
        near = np.abs(data.X[:, 1]) < 0.05
        y, mean = data.y[near], np.exp(0.5)
        assert y.mean() == pytest.approx(mean, rel=0.1)
        assert y.var() == pytest.approx(mean + strength * mean**2, rel=0.2)
    data = rate.sample(N=100_000, path="quadratic", strength=1.0)
    near = np.abs(data.X[:, 1] - 1) < 0.05
    assert data.y[near].mean() == pytest.approx(np.exp(1.25), rel=0.05)


@pytest.mark.parametrize(
    ("path", "s", "expected"),
    [
        ("intercept", 0.0, lambda x: (1, np.exp(2 * x), np.exp(-x))),
        ("intercept", 2.0, lambda x: (np.exp(2), np.exp(2 * x), np.exp(-x))),
        ("quadratic", 1.5, lambda x: (np.exp(0.75 * x**2), np.exp(2 * x), np.exp(-x))),
    ],
)
def test_three_classes_have_the_odds_their_path_says(path, s, expected):
    data = FAMILIES["three classes"].sample(N=200_000, path=path, strength=s)
    for x in (-0.7, 0.4):
        near = np.abs(data.X[:, 0] - x) < 0.05
        shares = [np.mean(data.y[near] == c) for c in range(3)]
        odds = np.array(expected(x))
        assert_allclose(shares, odds / odds.sum(), atol=0.02)


def test_random_labels_and_differing_slopes_blur_three_classes():
    family = FAMILIES["three classes"]
    random = family.sample(N=200_000, path="label noise", strength=2.0)
    far = random.X[:, 0] > 2.5  # where class 1 is all but certain
    assert np.mean(random.y[far] == 2) == pytest.approx(0.6 / 3, abs=0.03)
    x, s = 1.0, 1.5
    slopes = family.sample(N=400_000, path="slopes", strength=s)
    near = np.abs(slopes.X[:, 0] - x) < 0.05
    rng = np.random.default_rng(0)
    f = np.array([0, 2, -1]) * x + s * x * np.array([0, 1, 1]) * rng.normal(size=(400_000, 3))
    expected = (np.exp(f) / np.exp(f).sum(1, keepdims=True)).mean(0)
    shares = [np.mean(slopes.y[near] == c) for c in range(3)]
    assert_allclose(shares, expected, atol=0.02)


def test_the_saturating_curve_has_its_noise_and_its_trend():
    _, e = _residuals("saturation", lambda x: 2 * (1 - np.exp(-x)))
    assert e.std() == pytest.approx(0.2, abs=0.005)
    x, e = _residuals("saturation", lambda x: 2 * (1 - np.exp(-x)), path="trend", strength=2)
    assert (e - x / 2).std() == pytest.approx(0.2, abs=0.005)
    assert x.min() > 0
    assert x.max() < 4


@pytest.mark.parametrize("N", [1, 2, 7, 1000])
def test_two_classes_share_the_examples(N):
    y = FAMILIES["classes"].sample(N=N).y
    assert len(y) == N
    assert 0 <= (y == 0).sum() - (y == 1).sum() <= 1


def _here(name: str) -> Dataset:
    if name not in available():
        pytest.skip(f"{name} is not on this machine: set EFVIZ_DATA")
    return load(name)


SHAPES = {"breast-cancer": (569, 30), "wine": (178, 13), "diabetes": (442, 10)}


@pytest.mark.parametrize("name", list(DATASETS))
def test_a_real_table_comes_whole_with_its_names_and_its_provenance(name):
    data = _here(name)
    if name in SHAPES:
        assert data.X.shape == SHAPES[name]
    assert np.isfinite(data.X).all()
    assert len(data.y) == len(data.X)
    assert len(set(data.feature_names)) == data.X.shape[1]
    for text in (data.name, data.target_name, data.source, data.citation, data.licence):
        assert text
    assert f"{data.X.shape[0]} × {data.X.shape[1]}" in DATASETS[name].title
    if data.task == "classification":
        assert set(data.y) == {0.0, 1.0}


def test_the_tables_are_the_published_ones():
    cancer, wine, diabetes = (load(name) for name in ("breast-cancer", "wine", "diabetes"))
    assert cancer.y.sum() == 357  # benign, of 569
    assert cancer.X[0, 0] == 17.99
    assert np.bincount(wine.y.astype(int)).tolist() == [59, 71, 48]
    assert wine.X[0, 0] == 14.23
    assert diabetes.X[0, 0] == 59.0
    assert diabetes.y[0] == 151.0


def test_an_unknown_table_is_answered_with_the_known_ones():
    with pytest.raises(KeyError, match="no data set 'iris'; there are breast-cancer, "):
        load("iris")


@pytest.mark.parametrize("name", list(DATASETS))
def test_two_standardised_inputs_have_mean_zero_and_deviation_one(name):
    table = _here(name)
    first, second = table.feature_names[2], table.feature_names[0]
    data = two_inputs(table, first, second)
    assert data.feature_names == (first, second)
    assert_allclose(data.X.mean(0), 0, atol=1e-12)
    assert_allclose(data.X.std(0), 1, rtol=1e-12)
    assert np.corrcoef(data.X[:, 0], table.X[:, 2])[0, 1] == pytest.approx(1)
    assert np.corrcoef(data.X[:, 1], table.X[:, 0])[0, 1] == pytest.approx(1)
    if table.task == "regression":
        assert_allclose(data.y, table.y - table.y.mean(), rtol=1e-12)
        # So least squares needs no intercept: with one, it comes out as zero.
        with_bias = np.column_stack([data.X, np.ones(len(data.y))])
        assert abs(np.linalg.lstsq(with_bias, data.y)[0][2]) < 1e-10 * np.abs(data.y).max()
    else:
        assert_array_equal(data.y, table.y)


def test_two_raw_inputs_are_the_columns_themselves():
    table = load("wine")
    data = two_inputs(table, "hue", "alcohol", standardised=False)
    assert_array_equal(data.X, table.X[:, [10, 0]])
    assert_array_equal(data.y, table.y)


def test_an_unknown_column_is_answered_with_the_columns():
    with pytest.raises(ValueError, match="wine has no column 'taste'; its columns are alcohol, "):
        two_inputs(load("wine"), "alcohol", "taste")


@pytest.mark.parametrize("standardised", [True, False])
def test_principal_components_are_the_directions_of_most_variance(standardised):
    table = load("wine")
    X = (table.X - table.X.mean(0)) / (table.X.std(0) if standardised else 1)
    variances = np.sort(np.linalg.eigvalsh(np.cov(X.T, ddof=0)))[::-1]
    data = principal_components(table, standardised=standardised)
    assert data.feature_names == ("PC 1", "PC 2")
    expected = [1, 1] if standardised else variances[:2]
    assert_allclose(data.X.var(0), expected, rtol=1e-9)
    assert abs(np.corrcoef(data.X.T)[0, 1]) < 1e-10
    U = np.linalg.svd(X, full_matrices=False)[0][:, :2]
    for k in (0, 1):
        assert abs(np.corrcoef(U[:, k], data.X[:, k])[0, 1]) == pytest.approx(1)


def test_a_table_whose_parts_do_not_fit_is_refused_with_the_shapes():
    with pytest.raises(ValueError, match=r"X \(3, 2\) and y \(2,\)"):
        Dataset(np.ones((3, 2)), np.ones(2), ("a", "b"), "y", "regression")
    with pytest.raises(ValueError, match="2 columns need as many names, got 1"):
        Dataset(np.ones((3, 2)), np.ones(3), ("a",), "y", "regression")
