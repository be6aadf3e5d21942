"""The blocks that pages are made of: charts, words, and settings side by side."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import streamlit as st

from efviz.dashboard.components import Click, Frame, Touch, chart, pack_figures
from efviz.dashboard.server import releases
from efviz.dashboard.session import history, pins
from efviz.dashboard.session.export_menu import Exported
from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.page import SLICE, Block, Page, Shown, View, attempt
from efviz.dashboard.session.pictures import link_of
from efviz.dashboard.session.scripts import figure_script
from efviz.dashboard.session.store import Store, run_again
from efviz.dashboard.session.studies import Call, Function, call_of
from efviz.dashboard.session.widgets import show
from efviz.dashboard.session.working import let_paint, work, working
from efviz.figures import dark_colours
from efviz.figures.theme import Spec
from efviz.lazy import cached_property
from efviz.numbers import number
from efviz.problems.declared import Refused

Panels = Mapping[str, Spec]


def look(panels: Panels) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Chart:
    """Panels side by side, which can be exported and, with `pinned`, compared.

    `title` names it among the charts of the page, and `file` its exported files. `seen`: whether
    settings show it.

    `panels` is a function of the library, called like a study; an argument with a default may
    arrive after the first picture. `touch` returns the settings after a mark was moved, and
    `after_touch`, given those before, does the rest. `look` gives the layout of the panels, see
    `pack_figures`; with `paint` the browser paints them before the blocks below are drawn. `pinned`
    may be another chart, which is then drawn with the pinned settings; `compared` returns words and
    a number for the sentence that compares the two. `hidden` leaves out what a
    lesson asks its reader to predict; the chart does not follow the hand then.
    """

    panels: Function
    key: str = "chart"
    look: Callable[[Panels], Mapping[str, Any]] = look
    click: Callable[[Shown, Click], None] | None = None
    touch: Callable[[View, Any, Touch], Any] | None = None
    after_touch: Callable[[Store[Any], Any, Touch], None] = lambda store, before, touch: None
    frame: Callable[[Shown], Frame] | None = None
    rest: Callable[[Shown, Frame], None] | None = None
    pinned: "bool | Chart" = False
    compared: Function | None = None
    paint: bool = False
    weights: Callable[[Shown], tuple[float, float]] = lambda shown: (1, 1)
    title: str = "Chart"
    file: str = ""
    hidden: Callable[[Panels], Panels] | None = None
    seen: Callable[[Any], bool] = lambda settings: True

    kind = "chart"
    complete = False

    @property
    def name(self) -> str:
        return self.key

    @cached_property
    def call(self) -> Call:
        return call_of(self.panels)

    def packed(self, panels: Panels, /) -> bytes:
        shown = self.hidden(panels) if self.hidden else panels
        return pack_figures(shown, dark=dark_colours(), **self.look(panels))

    def __call__(self, shown: Shown) -> None:
        packed = shown.view.call(self.call, held=True, then=self.packed)
        if packed is None:
            self._last(shown)
            return
        if self.pinned:
            self._beside(shown, packed)
        else:
            self._draw(shown, packed)
        if self.paint:
            state = shown.view.studies.key(self.call, shown.settings)
            let_paint(f"{shown.page.slug}.painted", state)
        # What is refused and may be missing is said below the rest.
        for name in self._results(shown.view):
            shown.view.see(name)

    def _results(self, view: View) -> list[str]:
        return [name for _, name, _ in view.studies.plan(self.call).wanted(view.settings)]

    def _beside(self, shown: Shown, packed: bytes) -> None:
        """The chart, beside the one of the pinned settings if there are any."""
        store, pinned = shown.store, pins.pinned_settings(shown.store)
        if pinned is None:
            self._draw(shown, packed)
            return
        # The end of the key selects the style of a chart, which comes first on narrow pages.
        with st.container(key=f"{store.slug}.beside-chart"):
            left, right = st.columns(self.weights(shown), vertical_alignment="bottom")
            with left:
                st.html("<p class='efviz-which'>Now</p>")
                self._draw(shown, packed, group=store.slug)
            with right:
                st.html(f"<p class='efviz-which'>Pinned: {pins.note(store, pinned)}</p>")
                if pins.trouble(pinned):
                    return
                view = View(shown.page, pinned.at_rest())
                self._draw_pinned(shown, view)
            st.html(f"<p class='efviz-compared'>{self._comparison(view, shown.view)}</p>")

    def _comparison(self, pinned: View, now: View) -> str:
        """A sentence that compares one number of both, or ""."""
        if self.compared is None:
            return ""
        there, here = (view.call(call_of(self.compared)) for view in (pinned, now))
        if not there or not here:
            return ""
        (words, before), (_, after) = there, here
        if before == after:
            return f"{words} <b>{before}</b> in both."
        return f"{words} <b>{before}</b> pinned, <b>{after}</b> now."

    def _draw_pinned(self, shown: Shown, view: View) -> None:
        """The chart of pinned settings, whose work begins once the live chart is complete."""
        one = self.pinned if isinstance(self.pinned, Chart) else self
        packed = view.call(one.call, held=True, then=one.packed)
        if packed:
            chart(packed, key=f"{shown.page.slug}.pinned", group=shown.page.slug)
        if not view.unfinished:
            return
        shown.after.append(run_again)
        if not shown.view.unfinished:
            view.unfinished[0].job.advance(SLICE)

    def _last(self, shown: Shown) -> None:
        """Keep the last picture until there is a new one."""
        key = f"{shown.page.slug}.{self.key}"
        packed = st.session_state.get(f"{key}.packed")
        if packed and not shown.view.trouble:
            chart(packed, key=key, address=history.address(shown.store.query))

    def _draw(self, shown: Shown, packed: bytes, group: str = "") -> None:
        page, click, rest = shown.page, self.click, self.rest
        key = f"{page.slug}.{self.key}"
        st.session_state[f"{key}.packed"] = packed
        shown.charts.append(self)
        chart(
            packed,
            key=key,
            address=history.address(shown.store.query),
            follows=self._follows(shown),
            only=page.panels,
            on_click=(lambda at: click(shown, at)) if click else None,
            on_touch=partial(self._touched, shown) if self.touch else None,
            frame=self.frame(shown) if self.frame else None,
            on_frame=(lambda at: rest(shown, at)) if rest else None,
            group=group,
        )

    def exported(self, page: Page, view: View) -> Exported | None:
        """This chart for the export menu, None if it is not known."""
        if view.call(self.call, held=True, then=self.packed) is None:
            return None
        usual = page.slug if self.key == "chart" else f"{page.slug}-{self.key}"
        name = self.file or usual
        seen = []
        for one in self._results(view):
            with suppress(Refused):
                seen.append(view.see(one))

        def panels() -> Panels:
            found: Panels = view.call(self.call, held=True)
            return self.hidden(found) if self.hidden else found

        def rows() -> int:
            return int(self.look(panels()).get("rows", 1))

        return Exported(
            self.title,
            f"{page.slug}.{self.key}",
            name,
            panels,
            lambda: figure_script(page.title, name, view.studies, self.call, view.settings, rows()),
            rows,
            all(one and one.snapshot.complete for one in seen),
        )

    def _follows(self, shown: Shown) -> dict[str, Any] | None:
        """What the browser needs to fetch other pictures of this chart; None if it stays."""
        if self not in shown.page.follow:
            return None
        link = link_of(shown.settings)
        where = None if link is None else releases.address(shown.page.slug)
        return {"name": self.name, "address": where, "link": link}

    def _touched(self, shown: Shown, touch: Touch) -> None:
        assert self.touch
        before = shown.store.settings
        after = self.touch(shown.view, before, touch)
        if after != before:
            shown.store.put(after, gesture=f"{touch.trace} {touch.index}")
        if touch.action != "move":
            history.let_go()
        self.after_touch(shown.store, before, touch)


@dataclass(frozen=True)
class Ask:
    """A button that starts the work on `results`, one after the other: see `Studies.asked`.

    These and its label follow from the settings.

    It appears when everything else is finished; `said` completes the text of the progress bar, as
    in "41 % of the grids is done". Words returned by `instead` replace the button.
    """

    key: str
    results: Callable[[Any], Sequence[str]]
    label: Callable[[Any], str]
    said: str
    instead: Function | None = None

    def __call__(self, shown: Shown) -> None:
        shown.after.append(lambda: self._go_on(shown))

    def _go_on(self, shown: Shown) -> None:
        found = [seen for name in self.results(shown.settings) if (seen := shown.view.see(name))]
        left = [seen.job for seen in found if not seen.snapshot.complete]
        if not left:
            return
        if self.instead and (words := shown.view.call(call_of(self.instead))):
            st.markdown(words)
            return
        key, state = f"{shown.page.slug}.{self.key}", tuple(seen.key for seen in found)
        fraction = sum(seen.job.progress.fraction for seen in found) / len(found)
        if working(key, state, fraction, self.said, ask=self.label(shown.settings)):
            work(key, state, left[0], SLICE)
            run_again()


@dataclass(frozen=True)
class Words:
    """Words that a function makes of the results, as HTML; nothing if it returns nothing.

    `complete`: partial results count as unknown. `seen`: whether settings show them.
    """

    function: Function
    html: Callable[[str], str] = str
    complete: bool = False
    seen: Callable[[Any], bool] = lambda settings: True
    kind = "words"

    @property
    def name(self) -> str:
        return self.call.function.__name__

    @cached_property
    def call(self) -> Call:
        return call_of(self.function)

    def packed(self, words: str | None, /) -> bytes:
        return self.html(words).encode() if words else b""

    def __call__(self, shown: Shown) -> None:
        words = shown.view.call(self.call, complete=self.complete)
        if words:
            # The mark by which fetched words find their place.
            st.html(f"<div data-efviz-words='{self.name}'>{self.html(words)}</div>")


def ahead(*results: str) -> Block:
    """Work in turn on results that the picture below does not require, while time remains."""

    def block(shown: Shown) -> None:
        for name in results:
            # A refusal is said where the result would be shown.
            with suppress(Refused):
                seen = shown.view.see(name, wait=True)
                if seen and not seen.snapshot.complete:
                    return

    return block


def scales_in_use(shown: Shown) -> None:
    """The result `scales`, for inputs in which 0 means that a scale is computed."""
    scales = shown.view.result("scales", wait=True)
    if scales:
        words = (f"{plain(name)} {number(scale)}" for name, scale in scales.items())
        st.caption(f"Scales in use: {', '.join(words)}.")


@dataclass(frozen=True)
class Row:
    """Settings and other blocks side by side, in columns of these `widths`."""

    items: Sequence["str | Block | Sequence[str | Block]"]
    widths: Sequence[float] | None = None
    align: Literal["top", "center", "bottom"] = "top"

    def __call__(self, shown: Shown) -> None:
        boxes = st.columns(self.widths or len(self.items), vertical_alignment=self.align)
        for item, box in zip(self.items, boxes, strict=True):
            with box:
                place(item, shown)


@dataclass(frozen=True)
class Line:
    """Settings and other blocks in one line, as wide as they are."""

    items: Sequence["str | Block"]

    def __call__(self, shown: Shown) -> None:
        with st.container(horizontal=True, gap="large"):
            place(self.items, shown)


@dataclass(frozen=True)
class More:
    """A collapsed section with blocks in columns; `name` is unique on the page."""

    title: str
    columns: Sequence[Sequence["str | Block"]]
    name: str = "more"

    def __call__(self, shown: Shown) -> None:
        key = f"{shown.page.slug}.{self.name}"
        with st.expander(self.title, on_change="rerun", key=key) as box:
            if box.open:
                Row(self.columns)(shown)


def place(item: "str | Block | Sequence[str | Block]", shown: Shown) -> None:
    """A setting by its name, a block, or several of them below each other."""
    if isinstance(item, str):
        show(shown.store, item)
    elif callable(item):
        attempt(item, shown)
    else:
        for one in item:
            place(one, shown)
