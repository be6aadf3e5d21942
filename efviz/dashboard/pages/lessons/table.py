"""Read the paper's table critically."""

from functools import cache, partial
from math import log10

from efviz import results
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Answer, Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.pages.optimization import page as optimization
from efviz.dashboard.pages.optimization.settings import OptimizationSettings
from efviz.dashboard.session.kinds import shortest
from efviz.figures.hidden import Hidden
from efviz.numbers import number, percent
from efviz.optimizers import Trajectory

CLOSE = 0.01


def line(method: str) -> results.Line:
    found = results.line("boston", method)
    assert found is not None
    return found


def excess() -> float:
    """Loss of the printed cell of EFGD relative to the best cell of NGD."""
    return line("EFGD").printed_loss / line("NGD").best_loss


def query() -> str:
    step, damping = line("EFGD").printed
    texts = [shortest(float(f"{10**exponent:.12g}")) for exponent in (step, damping or 0.0)]
    return f"ef={texts[0]}&efl={texts[1]}"


@facts.about("boston", partial(facts.result_of, optimization.STUDIES, "run_EFGD"))
def check(settings: OptimizationSettings, path: Trajectory) -> Verdict:
    original = settings.multiple == 0 and settings.scaling == "raw"
    ratio = float(path.final_loss[0]) / line("NGD").best_loss
    words = f"EFGD ends at {number(ratio, 4)} times the loss of NGD."
    if not original:
        words += " The task is about raw inputs and a start at zero."
    return Verdict(original and ratio <= 1 + CLOSE, words)


@cache
def numbers() -> dict[str, str]:
    ef, ngd = line("EFGD"), line("NGD")

    def power(exponent: float | None) -> str:
        return f"$10^{{{exponent:g}}}$"

    return {
        "gamma": power(ef.printed[0]),
        "lambda": power(ef.printed[1]),
        "best_gamma": power(ef.best[0]),
        "best_lambda": power(ef.best[1]),
        "ngd_loss": number(ngd.best_loss, 4),
        "printed_loss": number(ef.printed_loss, 4),
        "best_loss": number(ef.best_loss, 4),
        "excess": number(excess()),
        "digits": str(int(-log10(ef.best_loss / ngd.best_loss - 1))),
        "ties": str(len(ngd.tied)),
        "differ": str(sum(found.verdict == "differs" for found in results.lines())),
        "lines": str(len(results.lines())),
        "close": percent(CLOSE),
    }


LESSON = Lesson(
    key="table",
    title="Read the paper's table critically",
    about="A table of best settings, and what happens when you run them.",
    numbers=numbers,
    recap="""The settings printed for EFGD do not reproduce the published curve, but others do.
Before you believe a comparison of tuned methods, ask how wide the good region of each is.""",
    steps=(
        Step(
            "The printed settings",
            r"""
Can a printed result be reproduced? The paper runs three methods on real data. For each it picks the
{{step size}} and the {{damping}} by a *grid search*: all pairs are run for the
same number of steps, and Table 6 prints the pair with the lowest final loss. For EFGD on the Boston
data it prints a step size of [[gamma]] and a damping of [[lambda]].""",
            optimization.SLUG,
            query(),
            prediction=Prediction(
                "With these settings, how does the final loss of EFGD compare with that of NGD?",
                (
                    Answer(
                        "It is about the same",
                        """In the published figure it is. But that curve was not made with the
printed settings.""",
                    ),
                    Answer(
                        "It is about twice as large",
                        """A slightly wrong cell would do that. This one is far from the good
region.""",
                    ),
                    Answer("It is much larger"),
                ),
                lambda: facts.nearest(excess(), (1, 2, 20)),
                """NGD ends at [[ngd_loss]], EFGD at [[printed_loss]]: [[excess]] times
that. The published curve of EFGD was not made with these settings.""",
                Hidden(("loss",), ("EFGD",)),
            ),
            panels=("loss",),
        ),
        Step(
            "The whole grid",
            r"""
Is there a better pair? The full grid, run again, has one for EFGD: a step size of [[best_gamma]]
with a damping of [[best_lambda]] ends at [[best_loss]], which equals the loss of NGD to [[digits]]
digits. And *best* may mean little: [[ties]] cells of NGD end at the same loss, and which of them is
printed is arbitrary. Of the [[lines]] lines of the table, [[differ]] name a cell that is not the
best one.""",
            optimization.SLUG,
            query(),
            shows=("grids",),
            panels=("NGD", "EFGD"),
        ),
        Step(
            "As good as NGD",
            "A table shows one cell of each map. The map shows how wide the good region is.",
            optimization.SLUG,
            query(),
            task=Task(
                """Find a step size and a damping for which the final loss of EFGD is within
[[close]] of that of NGD. A click in the map of EFGD runs that cell.""",
                check,
                "Dark cells have a low final loss. The mark in the map shows the cell that is run.",
                "ef=17.7827941004&efl=1e-10",
                """So EFGD can end as low as NGD on these data: here the printed settings fail, not
the method.""",
            ),
            controls=("step_EFGD", "damping_EFGD"),
            shows=("grids",),
            panels=("EFGD",),
        ),
    ),
)
