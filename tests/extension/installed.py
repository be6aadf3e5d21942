"""The extension as an installed package: a folder for PYTHONPATH, as pip would have made it."""

import os
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent


def install(folder: Path) -> dict[str, str]:
    """Install it into an empty folder, and return the environment in which it is found."""
    info = folder / "efviz_things-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: efviz-things\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[efviz.extensions]\nthings = things:DECLARATIONS\n")
    paths = [str(folder), str(HERE), os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
