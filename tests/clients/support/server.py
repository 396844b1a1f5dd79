"""Runs the program under test."""

import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("CLOUDLET_BIN", str(ROOT / "target" / "debug" / "cloudlet"))

# Generous: a busy machine may need long for what is usually done at once.
PATIENCE_S = 60


def clean_environment(**more):
    """The environment without settings of the person who runs the tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CLOUDLET_"))}
    return kept | more


def run(*arguments, **environment):
    """Runs a command of the program to its end."""
    return subprocess.run(
        [BINARY, *map(str, arguments)],
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def until(condition):
    """Waits for what is done in the background."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it is not done in time"
        time.sleep(0.05)


class Server:
    """One process of the program on a free port."""

    def __init__(self, data, log, *, ephemeral=False, host="127.0.0.1", port=0, verbosity="info,access=info", before=(), **more):
        """`before` is a command that runs it; `more` are variables of its environment."""
        self.data = pathlib.Path(data)
        self.log = pathlib.Path(log)
        self.ephemeral = ephemeral
        self.host = host
        self.port = port
        self.before = list(before)
        self.environment = {"CLOUDLET_LOG": verbosity, **more}
        self.process = None
        # What it printed after its first line.
        self.output = ""

    @property
    def authority(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.authority}"

    @property
    def named_url(self):
        """The same by a name, before which clients can put others."""
        return f"http://localhost:{self.port}"

    def url_for(self, service):
        """What clients of a service are to be given. Those of S3 Control put the account before it."""
        return self.named_url if service == "s3control" else self.url

    def start(self):
        """Starts it and waits for its first line."""
        arguments = [*self.before, BINARY, "up", "--output", "json", "--listen", f"{self.host}:{self.port}"]
        arguments += ["--ephemeral"] if self.ephemeral else ["--data", str(self.data)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                arguments,
                env=clean_environment(**self.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait(PATIENCE_S)
            raise RuntimeError(f"the program ended with {status}:\n{self.log_text()[-2000:]}")
        self.ready = json.loads(line)
        assert self.ready["ready"] is True
        self.port = int(self.ready["listen"].rsplit(":", 1)[1])
        return self

    def kill(self):
        """SIGKILL, at once."""
        self.process.kill()
        return self._ended()

    def terminate(self):
        """SIGTERM; gives the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def _ended(self):
        status = self.process.wait(PATIENCE_S)
        self.output += self.process.stdout.read().decode(errors="replace")
        self.process.stdout.close()
        return status

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def close(self):
        """Ends it however it is, and says what its log must not contain."""
        if self.running:
            self.kill()
        return [line for line in self.log_text().splitlines() if "panicked at" in line]

    def log_text(self):
        return self.log.read_text(errors="replace")

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def advance(self, seconds):
        """Moves the server's clock ahead."""
        body = json.dumps({"advance_seconds": seconds}).encode()
        request = urllib.request.Request(self.url + "/_cloudlet/clock", data=body, method="POST")
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)
