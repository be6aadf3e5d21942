"""The part of the Hessian in the GGN of a split, and the remainder."""

import numpy as np
import pytest
from conftest import listed_problem
from numpy.testing import assert_allclose
from reference import Slow

from efviz.curvature.splits import SPLITS
from efviz.studies.split_parts import split_parts


@pytest.mark.parametrize("key", SPLITS)
def test_the_parts_of_a_split_are_those_of_slow_loops(key):
    problem, theta = listed_problem("saturation", N=200), np.array([2.7, 0.35])
    p, slow = split_parts(problem, theta, key), Slow(problem)
    H = slow.hessian(theta)
    assert_allclose(p.hessian, H, rtol=1e-5, atol=1e-8)
    assert_allclose(p.ggn + p.remainder, H, rtol=1e-5, atol=1e-7)
    assert p.error < 1e-14
    expected = {
        "canonical": slow.ggn(theta),
        "empirical_fisher": slow.empirical_fisher(theta),
        "parameters": H,
        "identity": 0 * H,
    }
    assert_allclose(p.ggn, expected[key], rtol=1e-5, atol=1e-8)
    assert p.share == pytest.approx(np.linalg.norm(H - expected[key]) / np.linalg.norm(H), abs=1e-6)
