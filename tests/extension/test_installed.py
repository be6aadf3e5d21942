"""The pages with an installed extension, in a process that has imported nothing before."""

import os
import subprocess
import sys

import pytest
from installed import HERE, TESTS, install

pytestmark = pytest.mark.slow


def test_the_pages_show_what_an_installed_extension_declares(tmp_path):
    """Runs `pages.py`, which is not collected otherwise."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [*command, str(HERE / "pages.py")],
        cwd=TESTS.parent,
        env=os.environ | install(tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
