"""The command `efviz`, also as `python -m efviz`: the dashboard, or one of the commands."""

import re
import sys


def main() -> int:
    """Serve the dashboard, or run the command that the arguments name; returns the exit status.

    No arguments, or only options of Streamlit (`--server.port 8502`), serve the dashboard.
    """
    arguments = sys.argv[1:]
    # Each branch imports what it needs: the server answers before the numerics are imported.
    if not arguments or re.match(r"--\w+\.", arguments[0]):
        from efviz.dashboard.server import serving

        return serving.serve(arguments)
    from efviz.command import main, terminal

    return terminal.call(main.main)


if __name__ == "__main__":
    raise SystemExit(main())
