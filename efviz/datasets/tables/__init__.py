"""A visitor's own table: how it is read, and what is reported about it."""

from efviz.datasets.tables.columns import Column
from efviz.datasets.tables.errors import TableError
from efviz.datasets.tables.layout import SEPARATORS
from efviz.datasets.tables.reading import MAX_BYTES, MAX_COLUMNS, Table, read_table

__all__ = ["MAX_BYTES", "MAX_COLUMNS", "SEPARATORS", "Column", "Table", "TableError", "read_table"]
