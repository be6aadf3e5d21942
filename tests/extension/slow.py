"""The same matrices and runs by slow loops: one example, one theta, one step at a time."""

import numpy as np
from reference import Slow


def per_example(problem, theta):
    """f_n (C,), J_n (C, D), r_n, d2l_n and E[r r^T] of every example, at one theta."""
    model, likelihood = problem.model, problem.likelihood
    for x, y in zip(problem.X, problem.y, strict=True):
        f = model.outputs(x[None], theta)
        yield (
            f[0],
            model.jacobian(x[None], theta)[0],
            likelihood.gradient(f, y[None])[0],
            likelihood.hessian(f, y[None])[0],
            likelihood.fisher(f)[0],
        )


def gradient(problem, theta):
    return sum(J.T @ r for _, J, r, _, _ in per_example(problem, theta)) / problem.N


def mean_of(problem, theta, weights):
    return sum(J.T @ weights(f, r, h, F) @ J for f, J, r, h, F in per_example(problem, theta)) / (
        problem.N
    )


def ef(problem, theta):
    return mean_of(problem, theta, lambda f, r, h, F: np.outer(r, r))


def f_matrix(problem, theta):
    return mean_of(problem, theta, lambda f, r, h, F: F)


def power(A, p):
    w, V = np.linalg.eigh(A)
    return (V * np.maximum(w, 0) ** p) @ V.T


def _block(problem, theta):
    F, D = f_matrix(problem, theta), problem.D
    return np.array([[F[i, j] if i // 2 == j // 2 else 0 for j in range(D)] for i in range(D)])


MATRICES = {
    "two_ef": lambda p, t: 2 * ef(p, t),
    "mixed": lambda p, t: 0.25 * f_matrix(p, t) + 0.5 * ef(p, t),
    "half_hessian": lambda p, t: mean_of(p, t, lambda f, r, h, F: h / 2),
    "gram": lambda p, t: mean_of(p, t, lambda f, r, h, F: np.eye(len(f))),
    "diag_ef": lambda p, t: np.diag(np.diag(ef(p, t))),
    "root_ef": lambda p, t: power(ef(p, t), 0.5),
    "blocks": _block,
    "fisher": f_matrix,
    "empirical_fisher": ef,
    # Of a linear model: without the curvature of the outputs.
    "hessian": lambda p, t: mean_of(p, t, lambda f, r, h, F: h),
}


def matrix(problem, key, theta):
    """One of the matrices of efviz itself, or of the extension, by its key, at any theta."""
    if hasattr(Slow, key):
        return getattr(Slow(problem), key)(theta)
    return MATRICES[key](problem, theta)


DIRECTIONS = {
    "root": lambda p, t, g, damping: power(ef(p, t) + damping * np.eye(p.D), -0.5) @ g,
    "sign": lambda p, t, g, damping: np.sign(g),
    "own damping": lambda p, t, g, damping: np.linalg.solve(
        f_matrix(p, t) * (1 + damping * np.eye(p.D)), g
    ),
}


def direction(problem, name, method, theta, damping):
    g = gradient(problem, theta)
    if name in DIRECTIONS:
        return DIRECTIONS[name](problem, theta, g, damping)
    B = MATRICES[method.curvature](problem, theta)
    return np.linalg.solve(B + damping * np.eye(problem.D), g)


def run(problem, name, method, theta, step_size, damping, n_steps):
    thetas = [theta]
    for _ in range(n_steps):
        theta = theta - step_size * direction(problem, name, method, theta, damping)
        thetas.append(theta)
    return np.array(thetas)
