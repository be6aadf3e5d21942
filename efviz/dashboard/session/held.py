"""Charts keep the last result until the next one has progressed far enough."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from efviz.dashboard.session.jobs import Job, Snapshot
from efviz.dashboard.session.working import WORK


@dataclass(frozen=True)
class Seen:
    """A result of a `job` as known when a run first looked; `key` identifies its settings."""

    name: str
    key: Hashable
    job: Job[Any]
    snapshot: Snapshot[Any]

    @property
    def result(self) -> Any:
        return self.snapshot.result

    @property
    def known(self) -> bool:
        return self.snapshot.result is not None or self.snapshot.complete


@dataclass(frozen=True)
class Held:
    """The results held for the page `slug`; `enough` is the fraction that replaces one."""

    slug: str
    enough: Mapping[str, float]

    def instead(self, problem: Any, name: str, key: Hashable, fraction: float) -> Seen | None:
        """The result held in place of one with this problem, key and fraction, or None.

        A visitor who stops its work sees how far it has come.
        """
        if fraction >= self.enough.get(name, 0):
            return None
        of, before = self._all.get(name, (None, None))
        state, going = st.session_state.get(WORK.format(self.slug), ((), True))
        stopped = not going and key in state
        return before if of == problem and not stopped else None

    def keep(self, problem: Any, seen: Seen) -> None:
        if seen.name in self.enough and seen.known:
            self._all[seen.name] = problem, seen

    @property
    def _all(self) -> dict[str, tuple[Any, Seen]]:
        held: dict[str, tuple[Any, Seen]] = st.session_state.setdefault(f"{self.slug}.held", {})
        return held
