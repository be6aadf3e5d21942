"""What commands print: in any locale, to readers that go away, and with progress as lines."""

import io
import os
import subprocess
import sys
import time

import pytest
from browsing import ROOT

from efviz import __version__
from efviz.command import terminal
from efviz.command.main import main


def start(*arguments: str, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "efviz", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("569 × 30", "569 x 30"),
        ("5.62·10⁻⁶, x²", "5.62*10^-6, x^2"),
        ("θ₁, λ, Σ", "theta1, lambda, Sigma"),
        ("Tüfekci ½ “a”\u202f…", 'Tufekci 1/2 "a" ...'),
        ("漢\udcff", "??"),
    ],
)
def test_text_is_written_in_plain_characters(text, expected):
    assert terminal.plain(text) == expected


@pytest.mark.slow
def test_a_command_prints_in_a_locale_of_ascii():
    with start("data", "--no-fetch", PYTHONIOENCODING="ascii", LC_ALL="C") as process:
        said, errors = process.communicate()
    assert process.returncode == 0, errors
    assert b"569 x 30" in said
    assert said.isascii()


@pytest.mark.slow
def test_a_command_ends_quietly_when_its_reader_goes_away():
    process = start("data", "--no-fetch")
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == terminal.READER_GONE
    process.stderr.close()


def test_progress_is_lines_where_there_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with terminal.progress() as show:
        for k in range(101):
            monkeypatch.setattr(time, "monotonic", lambda k=k: 7 + k / 20)
            show("wine GD", k / 100)
    said = sys.stderr.getvalue()
    assert "\r" not in said
    lines = said.splitlines()
    assert len(lines) == 11
    assert (lines[0], lines[6]) == ("wine GD: 1 %, 5 s left", "wine GD: 60 %, 2 s left")
    assert lines[-1] == "wine GD: 100 %"


def test_the_version_is_said(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"efviz {__version__}\n"
