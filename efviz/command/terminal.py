"""The output of commands: on any stream, in any locale, with progress suited to the stream."""

import codecs
import contextlib
import errno
import io
import os
import re
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from typing import TextIO

from efviz.files import reason

READER_GONE = 141
"""The exit status of a command whose reader has closed the pipe: 128 + SIGPIPE."""

SILENCE = 60.0
"""Seconds between lines of progress, even if less than a tenth was done."""

Show = Callable[[str, float], None]
"""show(title, fraction)"""


def call(command: Callable[[], int]) -> int:
    """Run `command`, which may print any text to any reader; returns its exit status.

    Characters that a stream cannot encode are replaced by plain ones, a closed pipe (as after
    `head`) ends the command quietly, and a full disk under standard output is reported.
    """
    codecs.register_error(_PLAINLY, _plainly)
    for stream in _streams():
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_PLAINLY)
    try:
        try:
            status = command()
        finally:
            for stream in _streams():
                stream.flush()
    except OSError as error:
        _let_go()
        if _reader_gone(error):
            return READER_GONE
        with contextlib.suppress(OSError):
            say(f"standard output cannot be written: {reason(error)}.")
        return 1
    return status


def say(sentence: str) -> None:
    """Print a sentence about the work, as opposed to its result, on standard error."""
    if sys.stderr is not None:
        print(f"efviz: {sentence}", file=sys.stderr)


def interactive() -> bool:
    """Whether standard error is a terminal, where text appears at once and can be overwritten."""
    return sys.stderr is not None and sys.stderr.isatty()


@contextlib.contextmanager
def progress() -> Iterator[Show]:
    """`show(title, fraction)`: a bar on a terminal, plain lines anywhere else.

    Plain lines come for every tenth of the work, or every minute if a tenth takes longer. Logs and
    pipes keep every line, so none is repeated.
    """
    if interactive():
        from tqdm import tqdm

        layout = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}{postfix}"
        with tqdm(total=1.0, bar_format=layout, leave=False) as bar:
            left = _estimate()

            def show(title: str, fraction: float) -> None:
                bar.set_description_str(title, refresh=False)
                bar.set_postfix_str(left(title, fraction), refresh=False)
                if fraction < bar.n:
                    bar.reset()
                bar.update(fraction - bar.n)

            yield show
    elif sys.stderr is not None:
        yield _lines(sys.stderr)
    else:
        yield lambda title, fraction: None


def _lines(stream: TextIO) -> Show:
    said: tuple[str, int] = ("", -1)
    when, left = time.monotonic(), _estimate()

    def show(title: str, fraction: float) -> None:
        nonlocal said, when
        rest = left(title, fraction)
        if not rest and fraction < 1:
            return
        tenth = (title, int(10 * fraction + 1e-9))
        if tenth == said and time.monotonic() - when < SILENCE:
            return
        said, when = tenth, time.monotonic()
        words = f"{title}: {100 * fraction:.0f} %"
        print(f"{words}, {rest}" if fraction < 1 else words, file=stream, flush=True)

    return show


def _estimate() -> Callable[[str, float], str]:
    """How long the rest takes, at the pace since this title was first asked for; "" at first."""
    known, first, begun = "", 0.0, 0.0

    def left(title: str, fraction: float) -> str:
        nonlocal known, first, begun
        now = time.monotonic()
        if title != known:
            known, first, begun = title, fraction, now
        if fraction <= first:
            return ""
        return f"{(now - begun) * (1 - fraction) / (fraction - first):.0f} s left"

    return left


def _streams() -> list[TextIO]:
    """Standard output and error, without closed ones, which are None in Python."""
    return [stream for stream in (sys.stdout, sys.stderr) if stream is not None]


def _reader_gone(error: OSError) -> bool:
    # Windows has no EPIPE; a closed pipe is an invalid argument without a file name.
    on_windows = sys.platform == "win32" and error.errno == errno.EINVAL and not error.filename
    return isinstance(error, BrokenPipeError) or on_windows


def _let_go() -> None:
    """Discard what the streams still hold; otherwise Python reports an error when it exits."""
    for stream in _streams():
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


_PLAINLY = "efviz.plainly"
_PLAIN = {
    "×": "x", "·": "*", "−": "-", "–": "-", "—": "-", "‑": "-", "‖": "||", "∥": "||", "∇": "grad ",
    "∂": "d", "√": "sqrt", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "∝": "~", "±": "+-",
    "∈": "in", "∞": "inf", "→": "->", "←": "<-", "⁄": "/", "°": " deg",
    "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "′": "'", "•": "*",
    "★": "*", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "æ": "ae", "Æ": "AE", "ᵀ": "^T",
}  # fmt: skip


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end


def plain(text: str) -> str:
    """`text` in ASCII: Greek letters by name, powers with ^, accents dropped, ? for the rest."""
    powers = re.sub(_POWERS, lambda found: f"^{found[0]}", text)
    return "".join(map(_character, powers))


_POWERS = "[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+"


def _character(character: str) -> str:
    if character.isascii():
        return character
    if character in _PLAIN:
        return _PLAIN[character]
    name = unicodedata.name(character, "")
    if letter := re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", name):
        word = "lambda" if letter[2] == "LAMDA" else letter[2].lower()
        return word if letter[1] == "SMALL" else word.capitalize()
    if unicodedata.combining(character):
        return ""
    # "é" becomes "e" and an accent, "…" three full stops, a narrow space a space.
    parts = unicodedata.normalize("NFKD", character)
    return "?" if parts == character else "".join(map(_character, parts))
