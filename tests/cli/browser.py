"""A page in headless Chromium, driven over its DevTools pipe: messages are JSON and end with a NUL.
Also: what a screenshot holds, read from its PNG."""
import base64
import fcntl
import json
import os
import select
import shutil
import struct
import subprocess
import tempfile
import time
import zlib

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
LIMIT = 60  # seconds for one answer

OPTIONS = ["--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
           "--hide-scrollbars", "--disable-dev-shm-usage", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "about:blank"]


class Browser:
    """One Chromium with one page. `events` collects what the page reports: console, errors, requests."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="flipbench-browser-", ignore_cleanup_errors=True)
        to_it, self.output = os.pipe()
        self.input, from_it = os.pipe()
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (to_it, from_it)]

        def place():  # Chromium reads from 3 and writes to 4
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [PROGRAM, f"--user-data-dir={self.profile.name}", *OPTIONS], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=place)
        for fd in (to_it, from_it, *high):
            os.close(fd)
        self.events, self.number, self.rest, self.session = [], 0, b"", None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def close(self):
        self.process.terminate()
        self.process.wait()
        os.close(self.input)
        os.close(self.output)
        self.profile.cleanup()

    def read(self):
        """The next message."""
        until = time.monotonic() + LIMIT
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.input], [], [], max(0, until - time.monotonic()))
            more = os.read(self.input, 1 << 20) if ready else b""
            if not more:
                raise AssertionError("Chromium does not answer")
            self.rest += more
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)

    def call(self, method, **parameters):
        """One command; returns its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, event):
        """Reads on until the event has come; it may have come already."""
        while not any(seen.get("method") == event for seen in self.events):
            self.events.append(self.read())

    def show(self, width, height, scheme="light"):
        """The size of the window, and light or dark."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, path):
        self.events.clear()
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        self.wait_for("Page.loadEventFired")

    def run(self, script):
        """The value of a JavaScript expression."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(result["exceptionDetails"])
        return result["result"].get("value")

    def mouse(self, kind, x, y):
        pressed = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **pressed)

    def click(self, selector):
        """Clicks on the middle of the first element that matches, where it is seen."""
        x, y = self.run(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            element.scrollIntoView({{block: 'center'}});
            const box = element.getBoundingClientRect();
            return [box.left + box.width / 2, box.top + box.height / 2];
        }})()""")
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.mouse(kind, x, y)

    def key(self, name):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name)

    def screenshot(self, width, height, scale=1):
        """The window's content, made smaller by `scale`, as PNG."""
        top = self.run("scrollY")
        clip = {"x": 0, "y": top, "width": width, "height": height, "scale": scale}
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", clip=clip)["data"])

    def faults(self):
        """What went wrong on the page: errors on the console, exceptions, reports of the browser."""
        found = []
        for event in self.events:
            method, of = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(of["exceptionDetails"].get("exception", of["exceptionDetails"]))
            elif method == "Runtime.consoleAPICalled" and of["type"] in ("error", "warning", "assert"):
                found.append(of["args"])
            elif method == "Log.entryAdded" and of["entry"]["level"] in ("error", "warning"):
                found.append(of["entry"]["text"])
        return found

    def requests(self):
        """The addresses that the page asked for."""
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]


def unfilter(kind, line, above, step):
    """Undoes a PNG row's filter in place."""
    for i in range(len(line)):
        left = line[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        if kind == 4:
            guess = left + above[i] - corner
            near = min((abs(guess - left), 0, left), (abs(guess - above[i]), 1, above[i]),
                       (abs(guess - corner), 2, corner))[2]
        else:
            near = (0, left, above[i], (left + above[i]) // 2)[kind]
        line[i] = (line[i] + near) & 255


def png_colours(data):
    """(width, height, how many different colours there are)."""
    width, height, _, kind = struct.unpack(">IIBB", data[16:26])
    step = {2: 3, 6: 4}[kind]
    at, packed = 8, b""
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        if name == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += 12 + size
    raw, stride = zlib.decompress(packed), width * step + 1
    above, colours = bytearray(width * step), set()
    for row in range(height):
        line = bytearray(raw[row * stride + 1:(row + 1) * stride])
        if raw[row * stride]:
            unfilter(raw[row * stride], line, above, step)
        colours.update(bytes(line[i:i + 3]) for i in range(0, len(line), step))
        above = line
    return width, height, len(colours)
