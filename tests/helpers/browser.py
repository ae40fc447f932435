"""A headless Chromium without further packages, by its debugging pipe."""

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import threading

import pytest

_SECONDS = 600  # after which a browser that hangs is ended
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-pipe",
)


class Tab:
  """A page in the browser, driven by the DevTools protocol.

  Attributes:
    events: that the browser sent so far: their method and parameters.
  """

  def __init__(self, commands, answers):
    self._commands, self._answers = commands, answers
    self._numbers = itertools.count(1)
    self._session = {}
    self.events = []
    target = self.send("Target.createTarget", url="about:blank")["targetId"]
    attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
    self._session = {"sessionId": attached["sessionId"]}
    for domain in ("Page", "Runtime", "Network", "Log"):
      self.send(f"{domain}.enable")

  def send(self, method, **params):
    """Sends a command; returns its result."""
    number = next(self._numbers)
    message = {"id": number, "method": method, "params": params}
    self._commands.write(json.dumps(message | self._session).encode() + b"\0")
    self._commands.flush()
    while True:
      answer = json.loads(self._next_message())
      if answer.get("id") == number:
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]
      self.events.append((answer.get("method"), answer.get("params")))

  def _next_message(self):
    message = bytearray()
    while (byte := self._answers.read(1)) != b"\0":
      assert byte, "the browser has ended"
      message += byte
    return message

  def open(self, path):
    """Opens a file, and waits until its scripts have run."""
    self.send("Page.navigate", url=path.resolve().as_uri())
    self.run(
      "new Promise(done => document.readyState === 'complete' ? done() : "
      "addEventListener('load', done))"
    )
    self.next_frame()

  def complaints(self):
    """The texts of all errors so far, and what scripts wrote to the console.

    What a page's policy made the browser refuse is an error.
    """
    self.next_frame()
    texts = []
    for method, params in self.events:
      if method == "Log.entryAdded" and params["entry"]["level"] == "error":
        texts.append(params["entry"]["text"])
      if method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
        texts.append(str(params))
    return texts

  def run(self, expression):
    """Returns the value of an expression, awaited, in the page."""
    result = self.send(
      "Runtime.evaluate",
      expression=expression,
      awaitPromise=True,
      returnByValue=True,
    )
    assert "exceptionDetails" not in result, result
    return result["result"].get("value")

  def next_frame(self):
    """Waits until what is due has been drawn."""
    frame = "new Promise(done => requestAnimationFrame(() => done()))"
    self.run(f"{frame}.then(() => {frame})")

  def press(self, key, code, text=""):
    """Presses and releases a key, as a user would."""
    common = {"key": key, "code": key, "windowsVirtualKeyCode": code}
    kind = "keyDown" if text else "rawKeyDown"
    self.send("Input.dispatchKeyEvent", type=kind, text=text, **common)
    self.send("Input.dispatchKeyEvent", type="keyUp", **common)
    self.next_frame()

  def view(self, width, height, scheme="light"):
    """Sets the size of the window, and whether it is light or dark."""
    self.send(
      "Emulation.setDeviceMetricsOverride",
      width=width,
      height=height,
      deviceScaleFactor=1,
      mobile=width < 500,
    )
    feature = {"name": "prefers-color-scheme", "value": scheme}
    self.send("Emulation.setEmulatedMedia", features=[feature])
    self.next_frame()

  def screenshot(self, whole_page=False):
    """Returns a PNG file of the window, or of the whole page."""
    data = self.send(
      "Page.captureScreenshot", captureBeyondViewport=whole_page
    )["data"]
    return base64.b64decode(data)


@contextlib.contextmanager
def opened(folder):
  """Yields a tab of a new browser; skips the test where there is none.

  Args:
    folder: an empty one, for the browser's files.
  """
  program = next(filter(None, map(shutil.which, _NAMES)), None)
  if program is None:
    pytest.skip(f"none of {', '.join(_NAMES)} is installed")
  pipes = [folder / name for name in ("commands", "answers")]
  for pipe in pipes:
    os.mkfifo(pipe)
  # The browser reads commands from descriptor 3 and answers on 4.
  process = subprocess.Popen(
    ["sh", "-c", 'in=$1 out=$2; shift 2; exec "$@" 3<"$in" 4>"$out"', "sh"]
    + [str(pipe) for pipe in pipes]
    + [program, *_FLAGS, f"--user-data-dir={folder / 'profile'}"],
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
  )
  watchdog = threading.Timer(_SECONDS, process.kill)
  watchdog.start()
  try:
    with pipes[0].open("wb") as commands, pipes[1].open("rb") as answers:
      tab = Tab(commands, answers)
      yield tab
      with contextlib.suppress(AssertionError):  # it ends before it answers
        tab.send("Browser.close")
  finally:
    watchdog.cancel()
    process.terminate()
    process.wait()
