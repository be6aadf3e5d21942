"""Data: seeded synthetic families with their misspecification paths, and real tables."""

from efviz.datasets.real import DATASETS, load
from efviz.datasets.synthetic import FAMILIES, Draws, Family, Path

__all__ = ["DATASETS", "FAMILIES", "Draws", "Family", "Path", "load"]
