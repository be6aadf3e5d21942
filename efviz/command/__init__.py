"""The command line: python -m efviz."""
