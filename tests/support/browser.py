"""A headless Chromium, spoken to through a pipe in its own protocol; no library is needed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run"),
    *("--hide-scrollbars", "--disable-extensions", "--disable-dev-shm-usage"),
)


class Browser:
    """One page of a running browser.

    Parameters
    ----------
    reading, writing : file
        The ends of its pipe.
    """

    def __init__(self, reading: Any, writing: Any) -> None:
        self._reading, self._writing = reading, writing
        self._number = 0
        self._session: str | None = None
        self._left = b""
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for room in ("Page", "Network", "Runtime"):
            self.call(f"{room}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._writing.write(json.dumps(message).encode() + b"\0")
        self._writing.flush()
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            part = os.read(self._reading.fileno(), 1 << 16)
            if not part:
                raise RuntimeError("the browser has gone")
            self._left += part
        line, _, self._left = self._left.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        return message

    def open(self, page: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Open a file with a size of the window, light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.requests.clear()
        self.call("Page.navigate", url=page.resolve().as_uri())
        self.evaluate(
            "new Promise(done => document.readyState === 'complete' ? done(1) "
            ": addEventListener('load', () => done(1)))"
        )

    def evaluate(self, program: str) -> Any:
        """Return the value of a JavaScript expression."""
        found = self.call(
            "Runtime.evaluate", expression=program, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"])
        return found["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                text="\r" if key == "Enter" and kind == "keyDown" else "",
            )

    def screenshot(self, to: Path, *, whole: bool = True) -> None:
        """Write what is shown as PNG; the whole page, or only the window."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=whole, format="png")
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
            data = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        to.write_bytes(base64.b64decode(data["data"]))

    def pdf(self, to: Path) -> None:
        """Print the page."""
        data = self.call(
            "Page.printToPDF", preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.7
        )
        to.write_bytes(base64.b64decode(data["data"]))


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Run a browser whose profile lies in a folder.

    Raises
    ------
    RuntimeError
        If there is no Chromium.
    """
    if CHROMIUM is None:
        raise RuntimeError("there is no Chromium")
    from_us, to_them = os.pipe()
    from_them, to_us = os.pipe()
    # Its ends have to be the descriptors 3 and 4.
    program = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
    started = subprocess.Popen(
        [
            *("bash", "-c", program, "bash", str(from_us), str(to_us), CHROMIUM, *_FLAGS),
            *(f"--user-data-dir={folder}", "about:blank"),
        ],
        pass_fds=(from_us, to_us),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(from_us)
    os.close(to_us)
    try:
        with os.fdopen(to_them, "wb") as writing, os.fdopen(from_them, "rb", 0) as reading:
            running = Browser(reading, writing)
            yield running
            running._session = None
            running.call("Browser.close")
    finally:
        started.terminate()
        started.wait(20)
