"""A headless Chromium or Chrome, if the machine has one, driven by its DevTools protocol over a pipe."""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
SECONDS = 60  # for any one answer


class Browser:
    """One page; `errors` are its console errors and uncaught exceptions so far."""

    def __enter__(self):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # its children may still write
        theirs, self.out = os.pipe()
        self.into, answers = os.pipe()
        command = [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        command += [f"--user-data-dir={self.profile.name}", "about:blank"]
        # the browser reads from descriptor 3 and writes to 4; bash puts them there
        script = f'exec "$0" "$@" 3<&{theirs} 4>&{answers}'
        self.process = subprocess.Popen(
            ["bash", "-c", script, *command],
            pass_fds=(theirs, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(answers)
        self.number, self.buffer, self.errors, self.session = 0, b"", [], {}
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self.session = {"sessionId": attached["sessionId"]}
        for domain in ("Runtime", "Log", "Page"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.out)
        os.close(self.into)
        self.profile.cleanup()

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params, **self.session}
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self.number:
            self._note(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, address):
        self.call("Page.navigate", url=address)
        assert self.wait("document.readyState == 'complete'"), address

    def evaluate(self, expression):
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, expression):
        """The expression's value as soon as it is true; what it is in the end if it never is."""
        end = time.monotonic() + SECONDS
        while not (value := self.evaluate(expression)) and time.monotonic() < end:
            time.sleep(0.1)
        return value

    def _next(self):
        while b"\0" not in self.buffer:
            assert select.select([self.into], [], [], SECONDS)[0], "the browser does not answer"
            read = os.read(self.into, 2**16)
            assert read, "the browser has ended"
            self.buffer += read
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, event):
        params = event.get("params", {})
        raised = event.get("method") == "Runtime.exceptionThrown"
        told = event.get("method") == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert")
        logged = event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error"
        if raised or told or logged:
            self.errors.append(params)
