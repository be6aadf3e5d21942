"""The command line: `efviz`, or python -m efviz."""
