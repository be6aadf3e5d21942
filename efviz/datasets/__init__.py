"""Data: seeded synthetic families with their misspecification paths, and real tables."""

from efviz.datasets.real import DATASETS, available, load
from efviz.datasets.remote import DataUnavailable
from efviz.datasets.synthetic import FAMILIES, Draws, Family, Path

__all__ = [
    "DATASETS",
    "FAMILIES",
    "DataUnavailable",
    "Draws",
    "Family",
    "Path",
    "available",
    "load",
]
