"""A headless Chromium that is spoken to over a pipe, without any library: pages are opened, touched and read."""

import base64
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), None)
PATIENCE = 60.0


_LAUNCH = """
import fcntl, os, sys
hear, say = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(hear, 3)
os.dup2(say, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Chromium reads from descriptor 3 and writes to 4."""


class Browser:
    """One browser with one page. Everything that the page asks for over any network is refused and noted in `requests`."""

    def __init__(self, width: int = 1200, height: int = 900):
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        hear, self._to = os.pipe()
        self._from, say = os.pipe()
        flags = ["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--no-sandbox"]
        flags += ["--disable-dev-shm-usage", "--disable-background-networking", f"--user-data-dir={self._folder.name}"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCH, str(hear), str(say), CHROMIUM or "chromium", *flags, "about:blank"],
            pass_fds=(hear, say),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(hear)
        os.close(say)
        self._buffer, self._numbers = b"", itertools.count(1)
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._session = None
        target = next(
            found["targetId"] for found in self._call("Target.getTargets")["targetInfos"] if found["type"] == "page"
        )
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")
        self.resize(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._folder.cleanup()

    def _call(self, method, **parameters):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = self._read()
            if found.get("id") == number:
                if "error" in found:
                    raise RuntimeError(f"{method}: {found['error']}")
                return found["result"]
            self._note(found)
        raise TimeoutError(method)

    def _read(self):
        while b"\0" not in self._buffer:
            piece = os.read(self._from, 1 << 20)
            if not piece:
                raise RuntimeError("the browser went away")
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(line)

    def _note(self, event):
        told = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(told["exceptionDetails"])[:2000])
        elif event.get("method") == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.errors.append(told["entry"]["text"])

    def resize(self, width, height, scheme="light"):
        """The size of the window in pixels, and whether the reader prefers light or dark."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def media(self, name):
        """Show the page as a medium does, such as `print`; "" for the screen."""
        self._call("Emulation.setEmulatedMedia", media=name)

    def cut_network(self):
        """From here on nothing can be reached but files."""
        self._call(
            "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0
        )

    def open(self, path: Path):
        """Open a file and wait until it is whole."""
        self.visit(path.resolve().as_uri())

    def visit(self, address: str):
        """Open an address and wait until its page is whole."""
        self._call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def metrics(self):
        """What the browser counts of the page, times as those of its thread."""
        self._call("Performance.enable", timeDomain="threadTicks")
        return {found["name"]: found["value"] for found in self._call("Performance.getMetrics")["metrics"]}

    def wait(self, condition: str, patience: float = PATIENCE):
        """Until an expression in the page holds."""
        until = time.monotonic() + patience
        while not self.run(condition):
            if time.monotonic() > until:
                raise TimeoutError(condition)
            time.sleep(0.05)

    def run(self, code):
        """The value of an expression in the page; a promise is waited for."""
        found = self._call("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"].get("description", "an exception"))
        return found["result"].get("value")

    def mouse(self, kind, x, y, pressed=1):
        """A mouse event: `mousePressed`, `mouseMoved` or `mouseReleased`."""
        self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=pressed, clickCount=1)

    def drag(self, start, end, steps=4):
        """Press at a point, go to another one in a few steps, and let go."""
        self.mouse("mousePressed", *start)
        for step in range(1, steps + 1):
            share = step / steps
            self.mouse("mouseMoved", *(a + (b - a) * share for a, b in zip(start, end, strict=True)))
        self.mouse("mouseReleased", *end, pressed=0)

    def key(self, name, modifiers=0):
        """A key by its name, pressed and let go; 2 is Ctrl."""
        text = {} if len(name) > 1 or modifiers else {"text": name}
        self._call("Input.dispatchKeyEvent", type="keyDown", key=name, modifiers=modifiers, **text)
        self._call("Input.dispatchKeyEvent", type="keyUp", key=name, modifiers=modifiers)

    def picture(self, path: Path, selector=None):
        """A PNG of the window, or of an element."""
        clip = {}
        if selector is not None:
            box = self.run(
                f"(b => ({{x: b.x + scrollX, y: b.y + scrollY, width: b.width, height: b.height}}))"
                f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
            )
            clip = {"clip": {**box, "scale": 1}, "captureBeyondViewport": True}
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", **clip)["data"]))
