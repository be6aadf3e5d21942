"""The lessons. LESSONS lists them in the recommended order."""

from efviz.dashboard.pages.lessons import (
    batches,
    bends,
    classifier,
    enough_data,
    growing_step,
    improved,
    noise,
    root,
    scale,
    straight,
    table,
    whose_label,
)
from efviz.dashboard.pages.lessons.lesson import Lesson

LESSONS: dict[str, Lesson] = {
    module.LESSON.key: module.LESSON
    for module in (
        straight,
        bends,
        enough_data,
        classifier,
        scale,
        growing_step,
        whose_label,
        noise,
        table,
        root,
        batches,
        improved,
    )
}
