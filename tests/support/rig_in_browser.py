"""A simulated rig with its server, for tests that look at it through a browser; everything is synchronous here."""

import contextlib
import json
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from support.free_ports import free_port
from support.patience import stretched
from support.program import DEVNULL, PIPE, Program, start
from tetherlight.client.sync import Client
from tetherlight.errors import JobConflict
from tetherlight.protocol.models import ConfigValue, Job, JobState

START_S = 60.0
STOP_S = 40.0


class Simulator:
    """Run the simulator as a child process."""

    def __init__(self, *more: str) -> None:
        arguments = ["--exit-with-stdin", "--width", "900", "--height", "600", *more]
        self._process = start("tetherlight.simulator", *arguments, stdin=PIPE, stdout=PIPE)
        assert self._process.stdout is not None
        announced: dict[str, Any] = json.loads(self._process.stdout.readline())
        self.control_path: str = announced["control"]
        self.addresses = [address for camera in announced["cameras"] for address in camera["addresses"]]

    def control(self, op: str, **fields: Any) -> dict[str, Any]:
        """Send one request over the control socket and give its answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.control_path)
            with connection.makefile("rw") as stream:
                stream.write(json.dumps({"op": op, **fields}) + "\n")
                stream.flush()
                answer: dict[str, Any] = json.loads(stream.readline())
        assert answer["ok"], answer
        return answer

    def stop(self) -> None:
        """End the process by closing its standard input."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait_for(stretched(STOP_S))
        self._process.stdout.close()


class RigServer:
    """Run the server on a simulator while the context lasts; it can be stopped and started again on its port."""

    def __init__(self, folder: Path, simulator: Simulator | None, **environment: str) -> None:
        self.port = free_port()
        self.folder = folder
        self.simulator = simulator
        self._environment = os.environ | self._settings() | environment
        self._process: Program | None = None
        self._config: dict[str, ConfigValue] = {}

    def _settings(self) -> Mapping[str, str]:
        settings = {
            "XDG_STATE_HOME": str(self.folder / "state"),
            "PHOTOMETRIC_CAPTURE_DELAY": "0.05",
            "MIN_FREE_BYTES": "0",
            "ALLOWED_HOSTS": "rig.test",
        }
        if self.simulator is None:
            return settings
        cameras = ",".join(self.simulator.addresses)
        return settings | {"CAMERAS": cameras, "SIMULATOR_CONTROL": self.simulator.control_path}

    @property
    def url(self) -> str:
        """The server's address without a slash at the end."""
        return f"http://127.0.0.1:{self.port}{self._environment.get('BASE_PATH', '')}"

    @property
    def log(self) -> str:
        """What the server has written so far."""
        return (self.folder / "server.log").read_text()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = ("tetherlight", "serve", "--port", str(self.port))
        with (self.folder / "server.log").open("ab") as log:
            self._process = start(
                *command, folder=self.folder, environment=self._environment, stdin=DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + stretched(START_S)
        while not self._answers():
            assert self._process.returncode is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    def _answers(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.url}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """End the process; a stopped one stays stopped."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        self._process.wait_for(stretched(STOP_S))
        self._process = None

    def jobs(self) -> list[Job]:
        """Return the jobs of the rig."""
        with Client(self.url) as client:
            return client.jobs()

    def tidy(self) -> None:
        """Leave no job, lit lamp, picture or object of an earlier test, the camera open, its settings as at first."""
        with Client(self.url) as client:
            for job in client.jobs():
                if job.state in {JobState.RUNNING, JobState.PAUSED}:
                    with contextlib.suppress(JobConflict):  # it has just ended by itself
                        client.cancel_job(job.job_id)
            client.set_lights({}, others_off=True)
            for image_set in client.sets():
                client.delete_set(image_set.name)
            for image in client.captures(limit=1000):
                client.delete_image(image)
            client.delete_objects()
            client.select()
            self._restore_config(client)

    def _restore_config(self, client: Client) -> None:
        now = {entry.alias: entry.value for entry in client.list_config() if entry.alias is not None}
        self._config = self._config or now
        for alias, value in self._config.items():
            if now.get(alias) != value:
                client.set_config(alias, value)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
