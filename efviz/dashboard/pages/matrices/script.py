"""The code of the Four matrices page: what is shown at theta, of one example, and whose label."""

import numpy as np

from efviz.dashboard.pages.matrices import views as matrices_views
from efviz.dashboard.pages.matrices.views import OTHERS, REPETITIONS, SYMBOLS, Controls, Picture
from efviz.dashboard.pages.matrices.words import SHORT, TITLES
from efviz.dashboard.session.caches import OWN
from efviz.dashboard.session.given import the_problem
from efviz.dashboard.session.scripts import script
from efviz.dashboard.session.theta_choice import FINE


def views_script(title: str, name: str, c: Controls, p: Picture, row: int, *, editing: bool) -> str:
    """Data with the example of one row, level sets, eigenvalues."""
    x, y = (tuple(map(float, limits)) for limits in (p.plane.x, p.plane.y))
    how = ", editing=True" if editing else ""
    star = "problem.theta_star" if p.problem.minimum.exists else "None"
    body = f"""
from efviz.fields import Plane
from efviz.figures.data_views import data_panel
from efviz.figures.matrices import level_sets_panel, spectra_panel
plane = Plane({x!r}, {y!r})
{_sets() if p.finite else _none()}
names = problem.parameter_names
loss = problem.loss(plane.grid({FINE}))
panels = {{
    "data": data_panel(dataset, problem, theta=theta, example={row}{how}),
    "level sets": level_sets_panel(drawn, theta, names, plane, loss, {star}),
    "eigenvalues": spectra_panel(spectra),
}}
"""
    return _script(title, name, c, _theta(p), _matrices(), body)


def _sets() -> str:
    return """from efviz.figures.matrices import conics, level_for
scale = next((matrices[s] for s in ("F", "EF", "H") if matrices[s].any()), matrices["F"])
level = level_for(scale, plane.half_widths.min(), problem.N)
drawn = conics(matrices, theta, level, plane, problem.N)
spectra = {symbol: np.linalg.eigvalsh(matrix) for symbol, matrix in matrices.items()}"""


def _none() -> str:
    return """drawn = {}
spectra = {symbol: np.full(len(matrix), np.nan) for symbol, matrix in matrices.items()}"""


def cells_script(title: str, name: str, c: Controls, p: Picture) -> str:
    body = f"""
from efviz.figures.matrices import cell_panels
titles = {TITLES!r}
shown = [(symbol, titles[symbol], matrix) for symbol, matrix in matrices.items()]
panels = cell_panels(shown, problem.parameter_names)
"""
    return _script(title, name, c, _theta(p), _matrices(), body)


def terms_script(title: str, name: str, c: Controls, p: Picture, row: int) -> str:
    """What the example of one row adds to EF and to F."""
    body = f"""
from efviz.figures.matrices import cell_panels
from efviz.studies.one_example import contribution
terms = contribution(problem, theta, {row})
shown = [
    ("g gᵀ / N", "into EF", terms.empirical_fisher),
    ("E[g gᵀ] / N", "into F", terms.fisher),
]
panels = cell_panels(shown, problem.parameter_names)
"""
    return _script(title, name, c, _theta(p), body)


def labels_script(title: str, name: str, c: Controls, p: Picture, source: str, M: int) -> str:
    """The matrix with labels from one source, beside the exact Fisher."""
    heading, subtitle = SHORT[source]
    if source == "sampled":
        matrix = f"""from efviz.work import finish
from efviz.curvature.label_sources import sampled_fisher
matrix = finish(sampled_fisher(problem, theta, n_samples={M}, seed={c.seed}))"""
    else:
        matrix = f"""from efviz.curvature import LABEL_SOURCES
rng = np.random.default_rng({c.seed})
matrix = LABEL_SOURCES[{source!r}].matrix(problem, theta, rng=rng, n_samples=1)"""
    body = f"""
from efviz.curvature import fisher
from efviz.figures.matrices import cell_panels
{matrix}
shown = [
    ({heading!r}, {subtitle.format(M=f"{M:,}")!r}, matrix),
    ("F", "exact", fisher(problem, theta)),
]
panels = cell_panels(shown, problem.parameter_names)
"""
    return _script(title, name, c, _theta(p), body)


def distances_script(title: str, name: str, c: Controls, p: Picture, M: int) -> str:
    """Distances of the sampled Fisher over the number of labels; M is marked, 0 for none."""
    finite = bool(np.isfinite(p.matrices["F"]).all())
    body = f"""
from efviz.figures.claims import sampled_panel
sizes = np.array({list(matrices_views.SIZES)!r})
{_distances(c) if finite else _no_distances()}
panels = {{"distance": sampled_panel(sizes, errors, theory, off, chosen={M or None})}}
"""
    return _script(title, name, c, _theta(p), body)


def _distances(c: Controls) -> str:
    return f"""
from efviz.curvature.distance import relative_distance
from efviz.curvature import fisher
from efviz.work import finish
from efviz.curvature import LABEL_SOURCES
from efviz.curvature.label_sources import sampled_error
F, rng, off = fisher(problem, theta), np.random.default_rng(0), {{}}
for source, name in {OTHERS!r}.items():
    matrix = LABEL_SOURCES[source].matrix(problem, theta, rng=rng, n_samples=1)
    off[name] = 0.0 if np.array_equal(matrix, F) else float(relative_distance(matrix, F))
found = finish(
    sampled_error(problem, theta, sizes.tolist(), repetitions={REPETITIONS}, seed={c.seed})
)
errors, theory = found.distances.T, found.theory
""".strip("\n")


def _no_distances() -> str:
    return f"""errors = np.full(({REPETITIONS}, len(sizes)), np.nan)
theory, off = errors[0], {{}}"""


def _theta(p: Picture) -> str:
    return f"""
import numpy as np
theta = np.array({p.theta.tolist()!r})
"""


def _matrices() -> str:
    return f"""
from efviz.curvature import CURVATURES
symbols = {SYMBOLS!r}
matrices = {{symbol: CURVATURES[key].matrix(problem, theta) for symbol, key in symbols.items()}}
"""


def _script(title: str, name: str, c: Controls, *parts: str) -> str:
    return script(title, name, [the_problem(c), *parts], own=c.problem == OWN)
