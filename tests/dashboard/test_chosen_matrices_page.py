"""Four matrices and At the minimum with chosen matrices, some of them from elsewhere."""

from collections.abc import Iterator

import numpy as np
import pytest
import slow
from numpy.testing import assert_allclose
from streamlit.testing.v1 import AppTest
from visiting import (
    SEPARABLE,
    html,
    open_page,
    paste,
    sentence,
    settings_of,
    short_curves,
    short_distances,
)

import efviz
from efviz import PROBLEMS, Curvature
from efviz.dashboard.components.wire import unpack
from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.at_minimum import words as at_minimum_words
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.matrices import page as matrices
from efviz.dashboard.pages.matrices.settings import MatricesSettings, PictureSettings
from efviz.dashboard.session.page import View
from efviz.numbers import number
from efviz.studies.comparison import COMPARED
from efviz.studies.four_matrices import USUAL, short_of

pytestmark = pytest.mark.usefixtures("own_matrices")

PAGES = (matrices.SLUG, at_minimum.SLUG)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    short_curves(monkeypatch)
    short_distances(monkeypatch, seeds=2, largest=100)


def refuse(problem, theta):
    if problem.D == 2:
        raise ValueError("two <b>parameters</b>\nare not enough.")
    return efviz.fisher(problem, theta)


def overflow(problem, theta):
    return efviz.fisher(problem, theta) / (0.0 if problem.D == 2 and problem.N > 50 else 1.0)


@pytest.fixture
def strange() -> Iterator[None]:
    with (
        efviz.register("refuses", Curvature("<i>Refuses</i>", "R", refuse, short="<i>R</i>")),
        efviz.register("overflows", Curvature("Overflows", "O", overflow)),
    ):
        yield


def opened(slug: str, *keys: str, **query: str) -> AppTest:
    at = open_page(slug, matrices=",".join(keys), **({"n": "100"} | query))
    assert not at.exception
    return at


def panel_names(at: AppTest, key: str) -> list[str]:
    """The names of the panels of a chart, as sent to the browser."""
    packed = at.session_state[f"{key}.packed"]
    return [figure["name"] for figure in unpack(packed)["figures"]]


def pairs_of(text: str) -> list[str]:
    rows = text.split("why they agree")[1].split("</table>")[0].split("<th scope='row'>")[1:]
    return [row.partition("<")[0].replace("&nbsp;", " ") for row in rows]


def test_a_link_shows_exactly_the_matrices_it_names() -> None:
    at = opened(matrices.SLUG, "two_ef", "fisher", tab="entries")
    assert not at.warning
    assert settings_of(at, matrices.SLUG).matrices == ("fisher", "two_ef")
    assert at.multiselect[0].value == ["fisher", "two_ef"]
    assert panel_names(at, "four-matrices.cells") == ["F 0", "two_ef 1"]
    assert "F and two_ef differ." in sentence(at)
    assert "EF" not in sentence(at)
    assert pairs_of(html(at)) == ["F and two_ef"]
    assert "matrices=fisher,two_ef" in settings_of(at, matrices.SLUG).query


def test_at_the_minimum_shows_exactly_the_matrices_of_a_link() -> None:
    at = opened(at_minimum.SLUG, "two_ef", "fisher")
    assert not at.warning
    assert at.multiselect[0].value == ["fisher", "two_ef"]
    settings = settings_of(at, at_minimum.SLUG)
    panels = View(at_minimum.PAGE, settings).call(at_minimum.CHART.call)
    for k in range(4):
        drawn = [trace["name"] for trace in panels[f"at-the-minimum {k} 1"]["data"]]
        assert drawn == ["loss", "F", "two_ef", "minimum", "labels"]
    assert "‖two_ef − F‖ / ‖F‖" in html(at)
    # What the page says of EF and F holds whatever is drawn.
    assert "EF differs from F by" in sentence(at)


def test_the_usual_choice_is_not_in_the_link() -> None:
    assert MatricesSettings.of().matrices == USUAL
    assert AtMinimumSettings.of().matrices == COMPARED
    for kind, usual in ((MatricesSettings, USUAL), (AtMinimumSettings, COMPARED)):
        assert kind.of().query == ""
        chosen = kind.declared()["matrices"].kind.nearest(list(reversed(usual)), None)
        assert kind.of(matrices=chosen).query == ""
        assert kind.of(matrices=("ggn", "two_ef")).query == "matrices=ggn,two_ef"
        assert kind.read({"matrices": "ggn,two_ef"}) == (kind.of(matrices=("ggn", "two_ef")), [])


@pytest.mark.parametrize("slug", PAGES)
def test_more_than_four_and_unknown_ones_are_named(slug: str) -> None:
    at = opened(slug, "hessian", "ggn", "fisher", "two_ef", "gram", tab="entries")
    assert "names more than 4" in at.warning[0].value
    at = opened(slug, "fisher", "nobody", tab="entries")
    assert 'contains "nobody"' in at.warning[0].value
    assert settings_of(at, slug).matrices == ("fisher",)


@pytest.mark.parametrize("slug", PAGES)
def test_a_change_of_the_box_changes_the_page(slug: str) -> None:
    at = opened(slug, "fisher", tab="entries")
    at.multiselect[0].set_value(["gram", "empirical_fisher"]).run()
    assert not at.exception
    assert settings_of(at, slug).matrices == ("empirical_fisher", "gram")
    assert "gram" in html(at)


@pytest.mark.parametrize("slug", PAGES)
def test_another_problem_keeps_the_choice(slug: str) -> None:
    at = opened(slug, "fisher", "diag_ef", tab="entries")
    at.selectbox[0].set_value("saturation").run()
    assert not at.exception
    assert settings_of(at, slug).matrices == ("fisher", "diag_ef")


OWN = [("two_ef", "mixed", "half_hessian", "gram"), ("diag_ef", "root_ef", "blocks", "hessian")]


@pytest.mark.parametrize("keys", OWN, ids=",".join)
@pytest.mark.parametrize("problem", ["fig1", "poisson", "softmax", "saturation", "wine"])
def test_four_own_matrices_are_shown_with_the_numbers_of_slow_loops(problem, keys) -> None:
    n = {} if PROBLEMS[problem].family is None else {"n": "20"}
    at = opened(matrices.SLUG, *keys, problem=problem, tab="entries", **n)
    settings = settings_of(at, matrices.SLUG)
    made = matrices.STUDIES.given.make(settings)["problem"]
    theta = matrices.STUDIES.now("at", settings)
    found = matrices.STUDIES.now("matrices", settings)
    assert list(found) == [short_of(key) for key in settings.matrices]
    expected = {short_of(key): slow.matrix(made, key, theta) for key in settings.matrices}
    for name, matrix in expected.items():
        assert_allclose(found[name], matrix, rtol=1e-6, atol=1e-7 * np.abs(matrix).max())
    for first, second in zip(list(expected)[:-1], list(expected)[1:], strict=True):
        A, B = expected[first], expected[second]
        far = np.linalg.norm(A - B) / max(np.linalg.norm(A), np.linalg.norm(B))
        row = html(at).split(f"{first}&nbsp;and&nbsp;{second}")[1].split("</tr>")[0]
        assert f"<td>{number(float(far))}</td>" in row or far < 1e-10


@pytest.mark.parametrize("keys", OWN, ids=",".join)
@pytest.mark.parametrize("problem", ["fig2", "poisson", "saturation", "wine"])
def test_the_table_at_the_minimum_has_the_distances_of_slow_loops(problem, keys) -> None:
    at = opened(at_minimum.SLUG, *keys, problem=problem)
    settings = settings_of(at, at_minimum.SLUG)
    made = at_minimum.STUDIES.given.make(settings)["problem"]
    F = slow.matrix(made, "fisher", made.theta_star)
    case = (at_minimum.STUDIES.now("moved", settings) or at_minimum.STUDIES.now("cases", settings))[
        -1 if PROBLEMS[problem].family else 0
    ]
    for key in settings.matrices:
        far = np.linalg.norm(slow.matrix(made, key, made.theta_star) - F) / np.linalg.norm(F)
        found = case.comparison.matrix(key) - case.comparison.fisher
        found = np.linalg.norm(found) / np.linalg.norm(case.comparison.fisher)
        assert found == pytest.approx(far, rel=1e-5, abs=1e-8)
        row = html(at).split(f"‖{short_of(key)} − F‖ / ‖F‖")[1].split("</tr>")[0]
        assert f"<td>{number(far if far > 1e-10 else 0)}</td>" in row


def test_the_usual_table_has_only_the_usual_rows() -> None:
    rows = html(opened(at_minimum.SLUG, *COMPARED)).count(" − F‖ / ‖F‖")
    assert rows == 1
    text = html(opened(at_minimum.SLUG, "hessian", "fisher"))
    assert "‖H − F‖ / ‖F‖" in text
    assert "‖F − F‖" not in text


@pytest.mark.parametrize("slug", PAGES)
def test_a_matrix_that_refuses_ends_in_its_sentence(slug: str, strange: None) -> None:
    for keys in (("fisher", "refuses", "overflows"), ("refuses",), ("overflows",)):
        at = opened(slug, *keys, tab="entries")
        said = sentence(at)
        if "refuses" in keys:
            words = "two &lt;b&gt;parameters&lt;/b&gt; are not enough."
            name = "The matrix &#x27;&lt;i&gt;Refuses&lt;/i&gt;&#x27; cannot be computed here"
            assert said.count(f"{name}: {words}") == 1
        if len(keys) == 3:
            assert "he matrix overflows has entries that are not finite numbers." in said
        assert "<i>" not in html(at)
        assert "nan" not in html(at)


def test_sentences_count_the_matrices_that_agree() -> None:
    def said(*keys: str, **query: str) -> str:
        return sentence(opened(matrices.SLUG, *keys, tab="entries", **query))

    half = {"problem": "fig2", "theta": "0,0"}
    assert "all four agree: <b>H = G = F = EF</b>" in said(*USUAL, **half)
    assert "all three agree: <b>H = G = F</b>" in said("hessian", "ggn", "fisher")
    assert "both agree: <b>G = F</b>" in said("ggn", "fisher")
    assert "F and EF differ. ‖EF − F‖" in said("fisher", "empirical_fisher")
    assert "no two of EF, two_ef and mixed agree" in said("empirical_fisher", "two_ef", "mixed")
    assert "<b>H = F</b>. ‖EF − F‖" in said("hessian", "fisher", "empirical_fisher")
    one = said("fisher", problem="fig1", theta="1,1")
    w = np.linalg.eigvalsh(
        efviz.fisher(PROBLEMS["fig1"].problem(PROBLEMS["fig1"].dataset(N=100)), [1, 1])
    )
    assert f"<b>F</b> has the eigenvalues {number(w[0])} and {number(w[1])}." in one


def test_a_level_set_that_is_no_ellipse_is_said_once_for_all_panels() -> None:
    difference = Curvature(
        "F − EF", "D", lambda p, t: efviz.fisher(p, t) - efviz.empirical_fisher(p, t)
    )
    with efviz.register("F-EF", difference):
        said = sentence(opened(at_minimum.SLUG, "fisher", "F-EF", problem="fig2", n="1000"))
        assert "B: F-EF is indefinite: its level set is a hyperbola, not an ellipse." in said
        assert "A and s = 0.5: F-EF curves upwards in no direction" in said


def test_a_longer_ellipse_is_said_to_exceed_its_panel() -> None:
    small = Curvature("F / 100", "F", lambda p, t: efviz.fisher(p, t) / 100, short="F/100")
    with efviz.register("small", small):
        said = sentence(opened(at_minimum.SLUG, "fisher", "small"))
        assert "the ellipse of F/100 is 10 times as long as F's and exceeds its panel." in said


def test_the_choice_is_pinned_with_the_picture() -> None:
    settings = MatricesSettings.of(matrices=("fisher", "two_ef"))
    part = PictureSettings.part(settings)
    assert part.query == "matrices=fisher,two_ef"
    at = opened(matrices.SLUG, "gram", tab="entries", pin="matrices=fisher,two_ef")
    assert "instead of" in html(at)
    view = View(matrices.PAGE, part)
    panels = view.call(matrices.CHART.call)
    assert panels["eigenvalues"]["layout"]["xaxis"]["ticktext"] == ["F", "two_ef"]


def test_sections_on_f_and_ef_stay_about_them() -> None:
    def both(**query: str) -> list[AppTest]:
        return [opened(matrices.SLUG, *keys, **query) for keys in (("gram",), USUAL)]

    labels = both(labels="observed")
    assert panel_names(labels[0], "four-matrices.labels") == ["EF 0", "F 1"]
    for key, pages in (("labels", labels), ("terms", both(tab="example"))):
        packed = [one.session_state[f"four-matrices.{key}.packed"] for one in pages]
        assert packed[0] == packed[1]
    told = [html(one).split("goes by")[1].split("</p>")[0] for one in both(closer="words")]
    assert told[0] == told[1]
    assert "here their distance is" in told[0]


def test_another_matrix_does_not_recompute_the_usual_comparison() -> None:
    one, two = (AtMinimumSettings.of(matrices=keys) for keys in (COMPARED, ("fisher",)))
    for name in ("cases", "moved", "distances"):
        assert at_minimum.STUDIES.job(name, one) is at_minimum.STUDIES.job(name, two)
    with_own = AtMinimumSettings.of(matrices=("fisher", "gram"))
    assert at_minimum.STUDIES.job("cases", one) is not at_minimum.STUDIES.job("cases", with_own)
    assert at_minimum.STUDIES.job("distances", one) is at_minimum.STUDIES.job("distances", with_own)


def test_titles_in_the_help_are_no_markup() -> None:
    with efviz.register("odd", Curvature("*Odd* [link](http://x)", "O", efviz.fisher, short="<b>")):
        help = AtMinimumSettings.declared()["matrices"].help
        assert callable(help)
        words = help(None)
    assert "\\*Odd\\* \\[link\\]\\(" in words
    assert "\\<b\\>" in words


def test_notes_speak_of_drawn_ellipses_only() -> None:
    c = at_minimum.STUDIES.now("cases", AtMinimumSettings.of(problem="fig4", N=100))[0].comparison
    assert at_minimum_words.notes(c, ("hessian",)) == []
    assert list(at_minimum_words.notes_on_others(c, COMPARED)) == []


@pytest.mark.parametrize("slug", PAGES)
def test_an_own_table_without_a_minimum_takes_own_matrices(slug: str, strange: None) -> None:
    at = open_page(slug, problem="own", matrices="fisher,two_ef,refuses", closer="words")
    at = paste(at, SEPARABLE)
    assert not at.exception
    assert settings_of(at, slug).matrices == ("fisher", "two_ef", "refuses")
    assert "nan" not in html(at)
