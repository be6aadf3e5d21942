"""Sections of "A closer look", and the sentences in them."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from efviz.dashboard.session.page import Block, Shown
from efviz.dashboard.session.studies import Function, call_of


@dataclass(frozen=True)
class Section:
    """One closer look: its title, and the blocks that show it."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Sentence:
    """The words of a function of the results, styled as the sentence under a picture."""

    function: Function

    def __call__(self, shown: Shown) -> None:
        words = shown.view.call(call_of(self.function))
        if words:
            st.html(sentence_html(words))


def sentence_html(words: str) -> str:
    """Words styled as the sentence under a picture; differences are not broken across lines."""
    return f"<p class='efviz-sentence'>{words.replace(' − ', '&nbsp;−&nbsp;')}</p>"
