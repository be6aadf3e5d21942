"""References without rounding: least squares in fractions, other minima to 50 digits.

Arrays are NumPy arrays of objects: of fractions, or of mpmath numbers with 50 digits. Nothing here
comes from the library.
"""

from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
import numpy as np

MP = mpmath.mp.clone()
MP.dps = 50
UNIT_ROUNDOFF = 2.0**-53


def _elementwise(function: Any) -> Any:
    return np.vectorize(function, otypes=[object])


fractions = _elementwise(Fraction)
"""The exact values of floats, whole numbers or decimals in strings."""
fifty_digits = _elementwise(lambda x: MP.mpf(x.numerator) / x.denominator)
"""Fractions, to 50 digits."""
_exp = _elementwise(lambda x: MP.exp(x))
_log1p = _elementwise(lambda x: MP.log1p(x))


def echelon(A: Any) -> tuple[Any, list[int]]:
    """The rows of the reduced echelon form of A (N, D) that are not zero, and their pivots."""
    rows, pivots = A.copy(), []
    for column in range(A.shape[1]):
        below = np.abs(rows[len(pivots) :, column])
        if not len(below) or not below.max():
            continue
        k, pivot = len(pivots), len(pivots) + int(below.argmax())
        rows[[k, pivot]] = rows[[pivot, k]]
        rows[k] = rows[k] / rows[k, column]
        others = np.arange(len(rows)) != k
        rows[others] = rows[others] - rows[others, column][:, None] * rows[k]
        pivots.append(column)
    return rows[: len(pivots)], pivots


def rank(A: Any) -> int:
    """The rank of A (N, D), of fractions."""
    return len(echelon(A)[1])


def solve(A: Any, B: Any) -> Any:
    """A^-1 B for a regular A (D, D), B (D, M)."""
    return echelon(np.hstack([A, B]))[0][:, len(A) :]


class Factors(NamedTuple):
    """A = C F: independent columns C (N, K) of A, and F (K, D) with its pseudo-inverse (D, K)."""

    C: Any
    F: Any
    inverse: Any

    def fifty_digits(self) -> "Factors":
        return Factors(*(fifty_digits(part) for part in self))


def factors(A: Any) -> Factors:
    F, pivots = echelon(A)
    return Factors(A[:, pivots], F, solve(F @ F.T, F).T)


def least_squares(A: Any, y: Any) -> Any:
    """The shortest x (D,) that minimises |A x - y|, for fractions A (N, D), y (N,)."""
    C, _, inverse = factors(A)
    return inverse @ solve(C.T @ C, (C.T @ y)[:, None])[:, 0]


def logistic(f: Any) -> tuple[Any, Any, Any]:
    """log(1 + exp(f)) and its first two derivatives."""
    mean = 1 / (1 + _exp(-f))
    return _log1p(_exp(f)), mean, mean * (1 - mean)


def poisson(f: Any) -> tuple[Any, Any, Any]:
    """exp(f) and its first two derivatives."""
    mean = _exp(f)
    return mean, mean, mean


class Glm(NamedTuple):
    """sum_n (b(f_n) - y_n f_n), f = X theta, at some theta, for X (N, D), y (N,) of fractions."""

    loss: Any
    gradient: Any
    residual: Any
    weight: Any


def glm(family: Any, X: Any, y: Any, theta: Any) -> Glm:
    """The loss b(f) - y f, its gradient and derivatives by f: means; all of 50 digits."""
    f = X @ theta
    b, mean, weight = family(f)
    residual = mean - y
    return Glm((b - y * f).sum() / len(y), X.T @ residual / len(y), residual, weight)


def glm_minimum(family: Any, X: Any, y: Any) -> Any:
    """The shortest of the theta (D,) of least loss, to 50 digits, for fractions X, y.

    Newton's method with steps halved until the loss falls; the minimum has to exist.
    """
    C, _, inverse = factors(X).fifty_digits()
    y = fifty_digits(y)
    theta = fifty_digits(fractions(np.zeros(C.shape[1])))
    for _ in range(200):
        now = glm(family, C, y, theta)
        H = C.T @ (now.weight[:, None] * C) / len(y)
        step = solve(H, now.gradient[:, None])[:, 0]
        slope = now.gradient @ step
        if slope < MP.mpf(10) ** -30:
            return inverse @ (theta - step)
        while glm(family, C, y, theta - step).loss > now.loss - slope / 4:
            step, slope = step / 2, slope / 2
        theta = theta - step
    raise AssertionError("Newton's method did not settle: is there a minimum?")


def rounding(X: Any, theta: Any, output: Any, residual: Any, weight: Any) -> Any:
    """How far theta (D,) moves, to first order, if every number changes by a fraction u = 2^-53.

    X (N, D) holds fractions, the other arrays 50 digits. X changes by u |X| but keeps its rank; the
    residual (N,), whose derivative by f is `weight` (N,), changes by u `output` (N,), and by weight
    times the change u |X| |theta| of the outputs. This is the componentwise bound for least squares
    (Bjorck, "Numerical Methods for Least Squares Problems", section 1.4.5) with weights:

        |(X^T W X)^+ X^T| (output + W |X| |theta|) + |(X^T W X)^+| |X|^T |residual|
            + |I - X^+ X| |X|^T |(X^+)^T theta| + |theta|

    If X is rank deficient, the last |theta| is the norm of theta: a small parameter of the shortest
    theta is then a difference of large numbers.
    """
    C, F, inverse = factors(X).fifty_digits()
    X = fifty_digits(X)
    K = len(F)
    identity = fifty_digits(fractions(np.eye(K)))
    H = inverse @ solve(C.T @ (weight[:, None] * C), identity) @ inverse.T
    outputs = output + weight * (np.abs(X) @ np.abs(theta))
    moved = np.abs(H @ X.T) @ outputs + np.abs(H) @ (np.abs(X).T @ np.abs(residual))
    if len(theta) == K:
        return (moved + np.abs(theta)) * UNIT_ROUNDOFF
    turned = C @ solve(C.T @ C, inverse.T @ theta[:, None])[:, 0]
    nothing = fifty_digits(fractions(np.eye(len(theta)))) - inverse @ F
    turned = np.abs(nothing) @ (np.abs(X).T @ np.abs(turned))
    return (moved + turned + MP.sqrt(theta @ theta)) * UNIT_ROUNDOFF
