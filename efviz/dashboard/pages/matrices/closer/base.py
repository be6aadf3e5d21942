"""Sections of "A closer look", and the sentences in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from efviz.dashboard.session.blocks import Words
from efviz.dashboard.session.page import Block


@dataclass(frozen=True)
class Section:
    """One closer look: its title, and the blocks that show it."""

    title: str
    blocks: Sequence[Block]


def sentence_html(words: str) -> str:
    """Words styled as the sentence under a picture; differences are not broken across lines."""
    return f"<p class='efviz-sentence'>{words.replace(' − ', '&nbsp;−&nbsp;')}</p>"


Sentence = partial(Words, html=sentence_html)
"""What a function says of the results, as under a picture."""
