"""Chromium, Firefox and WebKit behind one small interface: a visitor's moves, and what is painted.

Chromium is driven through Playwright, Firefox through WebDriver BiDi on its remote debugging port,
WebKit (the engine of Safari, in Debian's webkit2gtk-driver) through WebDriver under Xvfb. All three
ask for reduced motion, so that what is painted stands still.

EFVIZ_FIREFOX and EFVIZ_WEBKIT (its MiniBrowser) name browsers that are not on the path.
"""

import base64
import io
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from browsing import CHROMIUM, free_port, harmless
from PIL import Image
from playwright.sync_api import BrowserContext, Download
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

Place = tuple[float, float]

FIREFOX = os.environ.get("EFVIZ_FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
WEBKIT = os.environ.get("EFVIZ_WEBKIT") or next(
    (str(path) for path in Path("/usr/lib").glob("*/webkit2gtk-4*/MiniBrowser")), None
)
WEBKIT_NEEDS = ("WebKitWebDriver", "Xvfb")

PATIENCE = 30.0  # seconds
SIZE = (1400, 1000)
# As WebDriver names them.
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Home": "\ue011", "ArrowRight": "\ue014"}


class Engine(ABC):
    """One browser with one window."""

    name: str
    size = (0, 0)

    def __init__(self, stack: ExitStack) -> None:
        """What the stack holds ends with the browser."""
        self.folder = Path(stack.enter_context(TemporaryDirectory(prefix="efviz-")))

    @abstractmethod
    def open(self, url: str) -> None: ...

    @abstractmethod
    def evaluate(self, function: str, *arguments: Any) -> Any:
        """What a JavaScript function makes of the arguments; it may return a promise."""

    @abstractmethod
    def drag(self, *places: Place) -> None:
        """Press the mouse at the first place, move it through the others, let it go at the last."""

    @abstractmethod
    def press(self, key: str) -> None:
        """A key on what has the focus."""

    def resize(self, size: tuple[int, int]) -> None:
        """The size of what shows the page."""
        if size != self.size:
            self.size = size
            self._resize(*size)

    @abstractmethod
    def _resize(self, width: int, height: int) -> None: ...

    @abstractmethod
    def screenshot(self) -> np.ndarray:
        """What is painted: (height, width, 3), one pixel a CSS pixel."""

    @abstractmethod
    def upload(self, selector: str, file: Path) -> None: ...

    @abstractmethod
    def complaints(self) -> list[str]:
        """Errors in the console since this was last asked."""

    def wait(self, function: str, *arguments: Any) -> None:
        """Until a JavaScript function of the arguments is true."""
        until = time.monotonic() + PATIENCE
        while not self.evaluate(f"(...all) => Boolean(({function})(...all))", *arguments):
            if time.monotonic() > until:
                raise TimeoutError(f"{self.name}: in {PATIENCE} s never true: {function}")
            time.sleep(0.1)

    def downloaded(self, name: str) -> bytes:
        """A file that the browser has saved, once it is whole."""
        file = self.folder / name
        until = time.monotonic() + PATIENCE
        size = -1
        while not (file.exists() and file.stat().st_size == size > 0):
            size = file.stat().st_size if file.exists() else -1
            if time.monotonic() > until:
                raise TimeoutError(f"{self.name} saved no {name}, but {os.listdir(self.folder)}")
            time.sleep(0.2)
        return file.read_bytes()


def pixels(png: bytes) -> np.ndarray:
    """Of a picture, (height, width, 3), from 0 to 255."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


class Chromium(Engine):
    name = "Chromium"

    def __init__(self, stack: ExitStack, profile: BrowserContext) -> None:
        super().__init__(stack)
        self.page = profile.new_page()
        stack.callback(self.page.close)
        self.page.emulate_media(reduced_motion="reduce")
        self.resize(SIZE)
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda m: None if harmless(m) else self.wrong.append(m.text))
        self.saved: list[Download] = []
        self.page.on("download", lambda file: self.saved.append(file))

    def open(self, url: str) -> None:
        self.page.goto(url)

    def evaluate(self, function: str, *arguments: Any) -> Any:
        return self.page.evaluate(f"(all) => ({function})(...all)", list(arguments))

    def drag(self, *places: Place) -> None:
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place)
            self.page.wait_for_timeout(20)
        self.page.mouse.up()

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def _resize(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def screenshot(self) -> np.ndarray:
        return pixels(self.page.screenshot())

    def upload(self, selector: str, file: Path) -> None:
        self.page.set_input_files(selector, file)

    def downloaded(self, name: str) -> bytes:
        for _ in range(10 * round(PATIENCE)):
            for file in self.saved:
                if file.suggested_filename == name:
                    file.save_as(self.folder / name)
                    return (self.folder / name).read_bytes()
            self.page.wait_for_timeout(100)
        raise TimeoutError(f"{self.name} saved no {name}")

    def complaints(self) -> list[str]:
        found, self.wrong[:] = list(self.wrong), []
        return found


def _pointer(places: Iterable[Place], kind: str = "mouse") -> dict[str, Any]:
    """The moves of a drag, as both WebDrivers read them."""
    first, *others = [{"x": round(x), "y": round(y)} for x, y in places]
    moves = [{"type": "pointerMove", "duration": 20, **place} for place in others]
    actions = [
        {"type": "pointerMove", "duration": 0, **first},
        {"type": "pointerDown", "button": 0},
    ]
    actions += [*moves, {"type": "pointerUp", "button": 0}]
    return {"type": "pointer", "id": kind, "parameters": {"pointerType": kind}, "actions": actions}


def _keyboard(key: str) -> dict[str, Any]:
    value = KEYS.get(key, key)
    actions = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
    return {"type": "key", "id": "keys", "actions": actions}


def _run(stack: ExitStack, command: list[str], **how: Any) -> None:
    """A process that says nothing and ends with the stack."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)


def _first(attempt: Callable[[], Any], wrong: tuple[type[Exception], ...]) -> Any:
    """What an attempt gives once it succeeds: the other side may still be starting."""
    for _ in range(300):
        try:
            return attempt()
        except wrong:
            time.sleep(0.1)
    return attempt()


PREFERENCES = {
    "browser.download.folderList": 2,
    "browser.download.useDownloadDir": True,
    "browser.download.alwaysOpenPanel": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "ui.prefersReducedMotion": 1,
}


class Firefox(Engine):
    name = "Firefox"

    def __init__(self, stack: ExitStack) -> None:
        super().__init__(stack)
        assert FIREFOX
        profile = Path(stack.enter_context(TemporaryDirectory(prefix="efviz-firefox-")))
        wanted = PREFERENCES | {"browser.download.dir": str(self.folder)}
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in wanted.items()]
        (profile / "user.js").write_text("\n".join(lines))
        port = free_port()
        command = [FIREFOX, "--headless", "--no-remote", "--profile", str(profile)]
        command += ["--remote-debugging-port", str(port), "about:blank"]
        _run(stack, command)
        address = f"ws://127.0.0.1:{port}/session"
        self.socket: ClientConnection = _first(
            lambda: stack.enter_context(connect(address, max_size=2**28, proxy=None)),
            (OSError, WebSocketException),
        )
        self.sent = 0
        self.wrong: list[str] = []
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded"])
        self.window = self.call("browsingContext.getTree")["contexts"][0]["context"]
        self.resize(SIZE)

    def call(self, method: str, **params: Any) -> Any:
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv(timeout=90))
            if answer.get("method") == "log.entryAdded":
                self._note(answer["params"])
            elif answer.get("id") == self.sent:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
                return answer["result"]

    def _note(self, entry: dict[str, Any]) -> None:
        if entry["level"] == "error":
            self.wrong.append(str(entry["text"]))

    def open(self, url: str) -> None:
        self.call("browsingContext.navigate", context=self.window, url=url, wait="complete")

    def evaluate(self, function: str, *arguments: Any) -> Any:
        # As text: BiDi has a type of its own for every value.
        found = self.call(
            "script.evaluate",
            expression=f"Promise.resolve(({function})(...{json.dumps(arguments)}))"
            ".then((value) => JSON.stringify(value ?? null))",
            target={"context": self.window},
            awaitPromise=True,
        )
        if found["type"] == "exception":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return json.loads(found["result"]["value"])

    def _perform(self, source: dict[str, Any]) -> None:
        self.call("input.performActions", context=self.window, actions=[source])

    def drag(self, *places: Place) -> None:
        self._perform(_pointer(places))

    def press(self, key: str) -> None:
        self._perform(_keyboard(key))

    def _resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height}
        self.call("browsingContext.setViewport", context=self.window, viewport=size)

    def screenshot(self) -> np.ndarray:
        shot = self.call("browsingContext.captureScreenshot", context=self.window)
        return pixels(base64.b64decode(shot["data"]))

    def upload(self, selector: str, file: Path) -> None:
        found = self.call(
            "browsingContext.locateNodes",
            context=self.window,
            locator={"type": "css", "value": selector},
        )
        element = {"sharedId": found["nodes"][0]["sharedId"]}
        self.call("input.setFiles", context=self.window, element=element, files=[str(file)])

    def complaints(self) -> list[str]:
        self.evaluate("() => 1")
        found, self.wrong[:] = list(self.wrong), []
        return found


HEAR = """(before) => {
  if (performance.timeOrigin === before) return false;
  const wrong = (window.efvizWrong = []), { error } = console;
  console.error = (...all) => { wrong.push(all.join(' ')); error.apply(console, all); };
  addEventListener('error', (event) => wrong.push(`${event.message}`));
  addEventListener('unhandledrejection', (event) => wrong.push(`${event.reason}`));
  addEventListener('securitypolicyviolation', (event) => wrong.push(`CSP: ${event.blockedURI}`));
  return true;
}"""


class WebKit(Engine):
    name = "WebKit"
    arguments: tuple[str, ...] = ("--automation",)

    def __init__(self, stack: ExitStack) -> None:
        super().__init__(stack)
        assert WEBKIT
        # Xvfb takes the first display that is free and writes its number.
        read, write = os.pipe()
        with open(read) as pipe:
            screen = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1300x24"]
            _run(stack, screen, pass_fds=(write,))
            os.close(write)
            display = f":{pipe.readline().strip()}"
        home = Path(stack.enter_context(TemporaryDirectory(prefix="efviz-webkit-")))
        (home / "user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{self.folder}"\n')
        gtk = home / "gtk-3.0"
        gtk.mkdir()
        # The browser's own toolbar must not keep the window wider than a phone.
        bare = "* { min-width: 0; padding: 0; margin: 0; border-width: 0 } entry { font-size: 1px }"
        (gtk / "gtk.css").write_text(bare)
        (gtk / "settings.ini").write_text("[Settings]\ngtk-enable-animations=0\n")
        port = free_port()
        around = os.environ | {"DISPLAY": display, "XDG_CONFIG_HOME": str(home)}
        _run(stack, ["WebKitWebDriver", f"--port={port}"], env=around)
        self.address = f"http://127.0.0.1:{port}"
        # No proxy of the environment lies between.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        browser = {"binary": WEBKIT, "args": self.arguments}
        match = {"webkitgtk:browserOptions": browser, "pageLoadStrategy": "none"}
        wanted = {"capabilities": {"alwaysMatch": match}}
        made = _first(lambda: self._ask("POST", "/session", wanted), (urllib.error.URLError,))
        self.address += f"/session/{made['sessionId']}"
        stack.callback(self._ask, "DELETE", "")
        self.frame = (0, 0)
        self.resize(SIZE)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.address + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            return json.loads(self.opener.open(request, timeout=90).read())["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {error.read().decode()[:500]}") from None

    def open(self, url: str) -> None:
        # The driver tells nothing of the console, so the page is told to as soon as there is one.
        before = self.evaluate("() => performance.timeOrigin")
        self._ask("POST", "/url", {"url": url})
        _first(lambda: self.wait(HEAR, before), (RuntimeError,))

    def evaluate(self, function: str, *arguments: Any) -> Any:
        script = f"return ({function})(...arguments)"
        return self._ask("POST", "/execute/sync", {"script": script, "args": arguments})

    def _perform(self, source: dict[str, Any]) -> None:
        self._ask("POST", "/actions", {"actions": [source]})

    def drag(self, *places: Place) -> None:
        self._perform(_pointer(places))

    def press(self, key: str) -> None:
        self._perform(_keyboard(key))

    def _resize(self, width: int, height: int) -> None:
        for _ in range(3):
            x, y = self.frame
            size = {"x": 0, "y": 0, "width": width + x, "height": height + y}
            self._ask("POST", "/window/rect", size)
            time.sleep(0.3)
            inner = self.evaluate("() => [innerWidth, innerHeight]")
            if inner == [width, height]:
                break
            self.frame = (x + width - inner[0], y + height - inner[1])

    def screenshot(self) -> np.ndarray:
        return pixels(base64.b64decode(self._ask("GET", "/screenshot")))

    def upload(self, selector: str, file: Path) -> None:
        found = self._ask("POST", "/element", {"using": "css selector", "value": selector})
        (element,) = found.values()
        self._ask("POST", f"/element/{element}/value", {"text": str(file)})

    def complaints(self) -> list[str]:
        return list(self.evaluate("() => window.efvizWrong?.splice(0) ?? []"))


def missing(name: str) -> str:
    """What keeps an engine from being started here, "" if nothing does."""
    if name == "Chromium":
        return "" if CHROMIUM else "no Chromium found: install one or set EFVIZ_CHROMIUM"
    if name == "Firefox":
        return "" if FIREFOX else "no Firefox found: install firefox-esr or set EFVIZ_FIREFOX"
    lacks = [need for need in WEBKIT_NEEDS if not shutil.which(need)]
    lacks += [] if WEBKIT else ["MiniBrowser"]
    if not lacks:
        return ""
    return f"no {' and no '.join(lacks)} found for WebKit: install webkit2gtk-driver and xvfb"


@contextmanager
def started(name: str, profile: Callable[[], BrowserContext]) -> Iterator[Engine]:
    """An engine; `profile` is that of the Chromium that is already there."""
    with ExitStack() as stack:
        if name == "Chromium":
            yield Chromium(stack, profile())
        else:
            yield {"Firefox": Firefox, "WebKit": WebKit}[name](stack)
