"""python -m efviz: the command line."""

from efviz.command import terminal
from efviz.command.main import main

if __name__ == "__main__":
    raise SystemExit(terminal.call(main))
