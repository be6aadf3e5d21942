"""A page is data: settings, what is computed from them, and the blocks that show it.

`run` does the rest for every page: it reads the link, shows the controls, advances unfinished
results, draws what is known, and lets a visitor stop, pin, export and share.
"""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from inspect import isgeneratorfunction
from typing import Any, Protocol

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from efviz.dashboard.components import link, take_reports
from efviz.dashboard.session.export_menu import Exported, export_menu
from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.held import Held, Seen
from efviz.dashboard.session.own_table_widgets import ready, settled
from efviz.dashboard.session.pins import pin_button
from efviz.dashboard.session.settings import Settings
from efviz.dashboard.session.store import Store, run_again
from efviz.dashboard.session.studies import Call, Key, Studies
from efviz.dashboard.session.working import WORK, work, working
from efviz.problems.declared import Refused

SLICE, LATER = 0.25, 0.02
"""Seconds of work between two pictures, and before a picture on optional results."""


@dataclass(frozen=True)
class Page:
    """One page of the dashboard.

    `presets` are the buttons of the header; `controls` stand above `body`, which shows what is
    computed, and `foot` below, which depends only on the problem. `waits` names a result for the
    progress bar, as in "41 % of the runs computed". `held`: until this fraction of a result is
    done, charts show the previous one of the same problem. `follow` are the parts of `body` that
    follow the hand while a slider or a mark is moved (see `pictures`). `charts`: whether it has any
    to export. `parts` are further blocks by the names under which lessons show them alone, and
    `panels` those of the charts that are shown: all of a chart that has none of them.
    """

    title: str
    slug: str
    settings: type[Settings]
    studies: Studies
    controls: Sequence["Block"]
    body: Sequence["Block"]
    presets: Sequence["Preset"] = ()
    foot: Sequence["Block"] = ()
    waits: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, float] = field(default_factory=dict)
    follow: Sequence["Part"] = ()
    charts: bool = True
    parts: Mapping[str, "Block"] = field(default_factory=dict)
    panels: Sequence[str] = ()


class Part(Protocol):
    """A part of a page that is a function of the settings alone: a chart, or words.

    `name` is unique on the page; `packed` makes bytes of what `call` returns. `complete`: partial
    results count as unknown. `seen`: whether the page with these settings has it.
    """

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def call(self) -> Call: ...
    @property
    def complete(self) -> bool: ...
    @property
    def seen(self) -> Callable[[Any], bool]: ...
    def packed(self, result: Any, /) -> bytes: ...


@dataclass(frozen=True)
class Preset:
    """A button of the header, and the settings that it chooses, or a sentence why they stay."""

    label: str
    settings: Callable[[Any], Settings | str]


class View:
    """The results known for one choice of settings, the same in all blocks of a run.

    `seconds` limits the total wait of the blocks for long work while there is nothing to show.
    `live`: these are the settings of the visitor, for which results can be held (see `Page.held`).
    """

    def __init__(
        self,
        page: Page,
        settings: Any,
        seconds: float = SLICE,
        *,
        live: bool = False,
    ) -> None:
        self.settings = settings
        self.studies = page.studies
        self.trouble = page.studies.given.trouble(settings)
        self._held = Held(page.slug, page.held if live else {})
        self._left = {False: seconds, True: min(seconds, LATER)}
        self._seen: dict[str, Seen] = {}
        self._before: dict[str, Seen] = {}

    @property
    def given(self) -> Mapping[str, Any]:
        """The problem, and what belongs to it."""
        return self.studies.given.make(self.settings)

    def see(self, name: str, *, wait: bool = False, later: bool = False) -> Seen | None:
        """A result as far as it is known; with `wait`, work on it first if nothing is known.

        If the result may arrive `later`, work only briefly, and not at all if another one is held
        in its place. None if there is no problem.
        """
        call = self.studies.calls[name]
        if self.trouble and self.studies.of_problem(call, self.settings):
            return None
        if name not in self._seen:
            problem = getattr(self.settings, "problem", None)
            job, key = self.studies.job(name, self.settings), self.studies.key(call, self.settings)
            before = self._held.instead(problem, name, key, job.progress.fraction)
            unknown = job.progress.result is None and not job.done
            if wait and unknown and name not in self.studies.asked and not (later and before):
                # Only a generator can be interrupted.
                in_one_go = not (later or isgeneratorfunction(call.function))
                if in_one_go or self._left[later] > 0:
                    began = time.perf_counter()
                    job.advance(max(self._left[later], 0.0))
                    self._left[later] -= time.perf_counter() - began
            job.check()
            self._seen[name] = Seen(name, key, job, job.progress)
            if before:
                self._before[name] = before
            else:
                self._held.keep(problem, self._seen[name])
        return self._seen[name]

    def call(
        self,
        call: Call,
        *,
        held: bool = False,
        complete: bool = False,
        then: Callable[[Any], Any] | None = None,
    ) -> Any:
        """The result of a call on what is known; None while a required argument is unknown.

        `held`, as for charts: a held result takes the place of the one computed now. `complete`:
        partial results count as unknown. `then`: return what this function makes of the result
        instead, and keep it for equal arguments.
        """
        plan = self.studies.plan(call)
        if self.trouble and plan.given:
            return None
        found, known = {}, []
        for argument, name, optional in plan.wanted(self.settings):
            try:
                seen = self.see(name, wait=True, later=optional)
            except Refused:
                if not optional:
                    raise
                continue
            if name in self._before:
                seen = self._before[name] if held else None
            if seen and seen.known and not (complete and not seen.snapshot.complete):
                found[argument] = seen.result
                known.append((seen.key, seen.snapshot.fraction))
            elif not optional:
                return None
        arguments = plan.collected(found)
        arguments |= {argument: getattr(self.settings, name) for argument, name in plan.own.items()}
        arguments |= {argument: self.given[name] for argument, name in plan.given.items()}
        compute = partial(call.function, **arguments, **call.fixed)
        if then is None:
            return compute()
        key = Key(then, self.studies.key(call, self.settings), *known)
        return self.studies.remembered(key, self.settings, lambda: then(compute()))

    def result(self, name: str, *, wait: bool = False) -> Any:
        """A result as far as it is known, None if nothing is."""
        seen = self.see(name, wait=wait)
        return seen.result if seen else None

    @property
    def state(self) -> Hashable:
        """Equal for all settings that lead to the same results."""
        return tuple(seen.key for seen in self._seen.values())

    @property
    def unfinished(self) -> list[Seen]:
        """Results that were incomplete when looked at, except those that a visitor must ask for.

        Another session may have finished them since.
        """
        found = [seen for seen in self._seen.values() if not seen.snapshot.complete]
        return [seen for seen in found if seen.name not in self.studies.asked]


@dataclass
class Shown:
    """A page while it is shown: its store, and the results for the current settings.

    `refused` are the sentences on what does not suit the problem, each of which is shown once.
    `after` is run once everything is finished; progress is shown in `bar`, or at the end if None.
    `charts` are those drawn so far.
    """

    page: Page
    store: Store[Any]
    view: View
    after: list[Callable[[], None]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    bar: DeltaGenerator | None = None
    charts: list["Drawn"] = field(default_factory=list)

    @property
    def settings(self) -> Any:
        return self.view.settings


class Drawn(Protocol):
    """A chart on the screen, which can be exported with the results of a view."""

    def exported(self, page: Page, view: View) -> Exported | None: ...


Block = Callable[[Shown], None]
"""A part of a page, which draws what is known."""


def run(page: Page, *, headed: bool = True) -> None:
    store = Store(page.slug, page.settings)
    if headed:
        header(page, store)
    store.show_remarks()
    live(page)
    draw(page.foot, Shown(page, store, View(page, store.settings)))


def header(page: Page, store: Store[Any]) -> None:
    """The title, the presets, and at the right, at one place on all pages, the tools."""
    with st.container(key="header"):
        st.title(page.title, anchor=False)
        with st.container(horizontal=True, vertical_alignment="center", key="header-presets"):
            if page.presets:
                st.html("<span class='efviz-presets'>Presets</span>", width="content")
            for preset in page.presets:
                st.button(preset.label, on_click=_choose, args=(store, preset.settings))
        with st.container(horizontal=True, vertical_alignment="center", key="header-tools"):
            pin_button(store)
            link(f"{store.slug}.link")
            if page.charts:
                export_menu(page.slug, partial(_exported, page))
            st.button(
                "Reset",
                on_click=_choose,
                args=(store, lambda now: now.reset()),
                type="tertiary",
                icon=":material/restart_alt:",
                help="Reset all settings of this page and the data to their defaults",
            )


def _exported(page: Page) -> list[Exported]:
    """The charts that the page shows, with the settings at rest."""
    store = Store(page.slug, page.settings)
    # The header comes first: what was drawn last may belong to a table that is gone.
    if not settled(store, whole=page.studies.given.whole):
        return []
    view = View(page, store.settings, live=True)
    drawn: Sequence[Drawn] = st.session_state.get(_drawn(page), ())
    return [found for one in drawn if (found := one.exported(page, view))]


def _drawn(page: Page) -> str:
    return f"{page.slug}.drawn"


def _choose(store: Store[Any], change: Callable[[Any], Settings | str]) -> None:
    take_reports()
    found = change(store.settings)
    if isinstance(found, str):
        store.say(found)
    else:
        store.put(found)


@st.fragment
def live(page: Page) -> None:
    """Controls and pictures: a fragment, so that a moved slider redraws only these."""
    store = Store(page.slug, page.settings)
    shown = Shown(page, store, View(page, store.settings, live=True))
    draw(page.controls, shown)
    if not ready(store, whole=page.studies.given.whole):
        return
    if shown.view.trouble:
        st.warning(plain(shown.view.trouble))
    draw(page.body, shown)
    st.session_state[_drawn(page)] = tuple(shown.charts)
    go_on(shown)


def draw(blocks: Sequence[Block], shown: Shown) -> None:
    """Draw the blocks; run again as soon as one has changed the settings."""
    for block in blocks:
        attempt(block, shown)
        if shown.store.settings != shown.settings:
            run_again()


def attempt(block: Block, shown: Shown) -> None:
    """Draw a block, or say why something declared does not suit the problem."""
    try:
        block(shown)
    except Refused as reason:
        if str(reason) not in shown.refused:
            shown.refused.add(str(reason))
            st.info(plain(str(reason)))


def go_on(shown: Shown) -> None:
    """Work on unfinished results, and show them with the next run.

    The work comes after the drawing: what a run sends is lost if the next one begins at once.
    """
    page, unfinished = shown.page, shown.view.unfinished
    if not unfinished:
        for later in shown.after:
            later()
        return
    state, bar = shown.view.state, shown.bar
    key, words = WORK.format(page.slug), page.waits.get(unfinished[0].name, "the work")
    jobs = [one.job for one in unfinished]
    with bar or st.container():
        going = working(key, state, jobs[0].progress.fraction, f"of {words} computed")
    if going:
        until = time.perf_counter() + SLICE
        for job in jobs:
            # The next run says why, where the result would be.
            with suppress(Refused):
                work(key, state, job, until - time.perf_counter())
        run_again()
