"""The terms that open where they stand."""

from collections.abc import Mapping

from efviz.dashboard.components.loader import component


def glossary(terms: Mapping[str, Mapping[str, str]], *, key: str) -> None:
    """Show at each link to one of these addresses, by pointer or keyboard, what it stands for.

    A term has a name, words, and a formula in HTML.
    """
    component("glossary")(key=key, data={"terms": {name: dict(one) for name, one in terms.items()}})
