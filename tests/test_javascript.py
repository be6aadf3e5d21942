"""The pure parts of the JavaScript, by the tests in tests/javascript, which node's own runner runs.

Without node they are skipped, unless EFVIZ_REQUIRE_NODE=1 makes that a failure.
"""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from browsing import ROOT

from efviz.dashboard.components import pack_figures
from efviz.dashboard.components.chart import envelope

NODE = shutil.which("node")
FILES = sorted((ROOT / "tests" / "javascript").glob("*.test.js"))

pytestmark = pytest.mark.skipif(
    NODE is None and os.environ.get("EFVIZ_REQUIRE_NODE") != "1",
    reason="no node found: install Node.js 18 or newer",
)
ASSETS = ROOT / "efviz/dashboard/components/assets"


def node(*arguments: str | Path, given: bytes = b"") -> str:
    if NODE is None:
        pytest.fail("EFVIZ_REQUIRE_NODE is set, but there is no node")
    done = subprocess.run([NODE, *arguments], input=given, capture_output=True, timeout=60)
    words = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 0, words
    return words


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".test.js"))
def test_what_node_tests_holds(file: Path) -> None:
    node("--test", file)


def test_the_browser_reads_what_python_packs() -> None:
    z = np.arange(6.0).reshape(2, 3)
    figure = {"data": [{"x": np.array([0.5, np.nan]), "z": z}], "layout": {"title": "θ"}}
    packed = pack_figures({"one": figure, "two": figure}, dark={"#004488": "#6699cc"})
    script = f"""
        import {{ readFileSync }} from 'node:fs';
        import {{ decode, opened }} from {(ASSETS / "wire.js").as_uri()!r};
        const {{ session, buffer, start }} = opened(new Uint8Array(readFileSync(0)));
        const {{ figures, dark }} = decode(buffer, start);
        const [{{ name, data, layout }}] = figures.slice(-1);
        const rows = data[0].z.map((row) => [...row]);
        console.log(JSON.stringify([name, [...data[0].x], rows, layout, session, dark]));
    """
    said = node("--input-type=module", "--eval", script, given=envelope(packed, query="s=1", ack=2))
    assert said.strip() == (
        '["two",[0.5,null],[[0,1,2],[3,4,5]],{"title":"θ"},'
        '{"query":"s=1","ack":2},{"#004488":"#6699cc"}]'
    )
