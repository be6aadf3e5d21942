"""The lessons. LESSONS lists them in the order in which they are best read."""

from efviz.pages.lessons import (
    bends,
    classifier,
    enough_data,
    growing_step,
    noise,
    scale,
    straight,
    table,
    whose_label,
)
from efviz.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict

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
    )
}

__all__ = ["LESSONS", "Lesson", "Prediction", "Step", "Task", "Verdict"]
