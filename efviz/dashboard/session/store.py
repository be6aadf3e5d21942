"""The values of a page's parameters in a session, and the widgets that change them.

The store is the one truth: widgets show what it holds and change it in their callbacks. That lets
a preset, a click on a chart and a slider set the same value, and keeps everything while the
visitor looks at another page.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote

import streamlit as st
from streamlit.errors import StreamlitAPIException

from efviz.dashboard.components import slider
from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.links import PIN, upgraded
from efviz.dashboard.session.params import (
    EVERYWHERE,
    Choice,
    Number,
    Param,
    Values,
    defaults,
    from_query,
    to_query,
)


def run_again() -> None:
    """Run the fragment again, or the page where it is the page that runs."""
    try:
        st.rerun(scope="fragment")
    except StreamlitAPIException:
        st.rerun()


def arrive(slug: str) -> None:
    """The page `slug` is the one that runs now: does its address say what to show?

    It does when a visitor comes from outside, or back by the browser's button. A page that is
    opened by its name has no query, and keeps the values it had.
    """
    if st.session_state.get("arrived") != slug:
        st.session_state["arrived"] = slug
        # Back leads to the step of a lesson that its address names, with the settings of that step.
        query, before = st.query_params.to_dict(), everywhere().get("lesson")
        set_everywhere(**{key: text for key, text in query.items() if key in EVERYWHERE})
        another = query.get("lesson", before) != before
        if another or set(query) - set(EVERYWHERE):
            st.session_state.pop(slug, None)


def everywhere() -> dict[str, str]:
    """What belongs to every page, from the URL when the session begins."""
    if "everywhere" not in st.session_state:
        query = st.query_params.to_dict()
        st.session_state["everywhere"] = {key: query[key] for key in EVERYWHERE if key in query}
    return dict(st.session_state["everywhere"])


def set_everywhere(**texts: str) -> None:
    """An empty text takes its parameter out of the URL."""
    merged = everywhere() | texts
    st.session_state["everywhere"] = {key: text for key, text in merged.items() if text}


def put(
    slug: str, params: Sequence[Param], query: Mapping[str, str], remarks: Sequence[str] = ()
) -> None:
    """Give a page the values that a query names, as if the session opened it with them."""
    values, sentences = from_query(params, query)
    st.session_state[slug] = values
    st.session_state[f"{slug}.sentences"] = [*remarks, *sentences]


class Store:
    """The parameters of the page `slug`, taken from the URL when the session first opens it."""

    def __init__(self, slug: str, params: Sequence[Param]) -> None:
        self.slug = slug
        self.params = params
        self._by_name = {param.name: param for param in params}
        self._keep_within()

    @property
    def values(self) -> Values:
        # A callback may run in a session that has none yet, or none any more.
        if self.slug not in st.session_state:
            query, remarks = upgraded(self.slug, st.query_params.to_dict())
            put(self.slug, self.params, query, remarks)
        return dict(st.session_state[self.slug])

    @property
    def query(self) -> str:
        general = (f"{key}={quote(text)}" for key, text in everywhere().items())
        own = to_query(self.params, self.values)
        return "&".join(filter(None, (own, *general)))

    @property
    def address(self) -> dict[str, str]:
        """The same, not yet quoted: for a page without a chart, which would see to the URL."""
        return dict(parse_qsl(self.query))

    @property
    def sentences(self) -> list[str]:
        """What had to be replaced in the link, until something is changed."""
        return list(st.session_state.get(f"{self.slug}.sentences", ()))

    def show_remarks(self) -> None:
        """They quote what a link says."""
        for sentence in self.sentences:
            st.warning(plain(sentence))

    def _keep_within(self) -> None:
        """A number whose bounds have come closer with another value goes to the nearest."""
        values = self.values
        for name, param in self._by_name.items():
            if isinstance(param.kind, Number):
                values[name] = param.kind.nearest(values[name], values)
        st.session_state[self.slug] = values

    def set(self, **values: Any) -> None:
        st.session_state[self.slug] = self.values | values
        st.session_state[f"{self.slug}.sentences"] = []

    def say(self, sentence: str) -> None:
        """Show a sentence until something is changed."""
        st.session_state[f"{self.slug}.sentences"] = [sentence]

    def check_again(self, forget: Sequence[str] = ()) -> None:
        """After the choices have changed: what is no longer one becomes its default."""
        kept = [param for param in self.params if param.name not in forget]
        texts = {param.query: param.kind.format(self.values[param.name]) for param in kept}
        values, _ = from_query(self.params, texts)
        self.set(**values)

    def reset(self, keep: Sequence[str] = (), **values: Any) -> None:
        """Defaults for everything but `values`, what is named in `keep`, and a pin."""
        keep = [name for name in self._by_name if name in keep or name == PIN]
        kept = {name: self.values[name] for name in keep}
        self.set(**defaults(self.params, kept | values))

    def slider(
        self,
        name: str,
        *,
        step: float,
        log: bool = False,
        bounds: tuple[float, float] | None = None,
        label: str = "",
        help: str = "",
    ) -> None:
        """A live slider for a Number, of which `bounds` may be a part."""
        param, kind = self._number(name)
        low, high = bounds or kind.bounds(self.values)
        convert = (lambda v: round(v)) if kind.integer else float
        slider(
            label or param.title,
            key=self._key(name),
            value=self.values[name],
            low=low,
            high=high,
            step=step,
            log=log,
            zero=kind.zero,
            help=help,
            # The bounds of now: the slider may be one of settings that have changed since.
            on_change=lambda v: self.set(**{name: convert(kind.nearest(v, self.values))}),
        )

    def number(
        self, name: str, *, step: float | None = None, format: str | None = None, help: str = ""
    ) -> None:
        param, kind = self._number(name)
        low, high = kind.bounds(self.values)
        as_type: Callable[[float], float] = int if kind.integer else float
        st.session_state[self._key(name)] = as_type(self.values[name])
        # What lies between 0 and the lower bound is put right when it is taken over.
        st.number_input(
            param.title,
            as_type(0 if kind.zero else low),
            as_type(high),
            step=as_type(step) if step else None,
            format=format,
            key=self._key(name),
            help=help or None,
            on_change=self._take,
            args=(name,),
        )

    def choice(
        self,
        name: str,
        *,
        titles: Mapping[str, str] | None = None,
        on_change: Callable[[Any], None] | None = None,
        segmented: bool = False,
        help: str = "",
    ) -> None:
        """A select box, or a row of segments, for a Choice."""
        param = self._by_name[name]
        assert isinstance(param.kind, Choice)
        options = list(param.kind.options(self.values) or ())
        st.session_state[self._key(name)] = self.values[name]
        arguments: dict[str, Any] = {
            "format_func": lambda option: (titles or {}).get(option, option),
            "key": self._key(name),
            "help": help or None,
            "on_change": self._take,
            "args": (name, on_change),
        }
        if segmented:
            st.segmented_control(param.title, options, required=True, **arguments)
        else:
            st.selectbox(param.title, options, **arguments)

    def toggle(
        self, name: str, *, on_change: Callable[[Any], None] | None = None, help: str = ""
    ) -> None:
        param = self._by_name[name]
        st.session_state[self._key(name)] = self.values[name]
        st.toggle(
            param.title,
            key=self._key(name),
            help=help or None,
            on_change=self._take,
            args=(name, on_change),
        )

    def _key(self, name: str) -> str:
        return f"{self.slug}.{name}"

    def _number(self, name: str) -> tuple[Param, Number]:
        param = self._by_name[name]
        assert isinstance(param.kind, Number)
        return param, param.kind

    def _take(self, name: str, on_change: Callable[[Any], None] | None = None) -> None:
        value = st.session_state[self._key(name)]
        if value is None:
            return
        kind = self._by_name[name].kind
        if isinstance(kind, Choice) and value not in (kind.options(self.values) or ()):
            # Chosen on a page that has changed since, as when two widgets are moved at once.
            return
        if isinstance(kind, Number):
            value = kind.nearest(value, self.values)
        (on_change or (lambda v: self.set(**{name: v})))(value)
