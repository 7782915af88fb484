"""How long a command from an MQTT broker takes until the state that it leads to comes back."""

import contextlib
import os
import queue
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from bench.figures import median
from bench.processes import free_port, server, simulator, until_open
from bench.table import Plan, Row, at_most

RIG = """
[bridges]
id = "bench"
[bridges.mqtt]
host = "127.0.0.1"
port = {port}
allow_commands = true
home_assistant = false
[lights]
lamp = {{ pin = 4 }}
"""
STATE, COMMAND, ECHO = "tetherlight/bench/lights/lamp", "tetherlight/bench/lights/lamp/set", "bench/echo"
WAIT_S = 60.0
BROKER = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def run(plan: Plan) -> list[Row]:
    """Compare command -> state with a message that the broker only passes on."""
    if BROKER is None:
        plan.say("mosquitto is not installed: the round trip over a broker is not measured")
        return []
    count = 20 if plan.quick else 300
    with broker() as (port, folder), simulator(cameras=1) as simulated:
        (folder / "rig.toml").write_text(RIG.format(port=port))
        with server(simulated, settings={"RIG_FILE": str(folder / "rig.toml")}), _Listener(port) as listener:
            listener.until(STATE)
            plan.say(f"command -> state over a broker on loopback, {count} times")
            ours, echo = [], []
            for number in range(count):
                ours.append(listener.round_trip(COMMAND, "OFF" if number % 2 else "ON", STATE))
                echo.append(listener.round_trip(ECHO, str(number), ECHO))
    taken, passed = median(ours) * 1e3, median(echo) * 1e3
    return [
        Row(
            "MQTT command -> new state, median", f"{taken:.2f} ms", f"{passed:.2f} ms, the broker alone",
            taken, at_most(2.0, " ms"),
        )
    ]  # fmt: skip


@contextlib.contextmanager
def broker() -> Iterator[tuple[int, Path]]:
    """Run one on loopback for a while; give its port, and a folder."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n")
        process = subprocess.Popen([str(BROKER), "-c", str(config)], stderr=subprocess.DEVNULL)
        try:
            until_open(port)
            yield port, folder
        finally:
            process.terminate()
            process.wait()


class _Listener:
    """A client of the broker with a thread of its own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _, __, message: self._heard.put((message.topic, bytes(message.payload)))

    def __enter__(self) -> "_Listener":
        self._client.connect("127.0.0.1", self._port)
        found = self._client.socket()
        assert isinstance(found, socket.socket)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.subscribe([(STATE, 0), (ECHO, 0)])
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def until(self, topic: str) -> None:
        while self._heard.get(timeout=WAIT_S)[0] != topic:
            pass

    def round_trip(self, topic: str, payload: str, answer: str) -> float:
        began = time.perf_counter()
        self._client.publish(topic, payload)
        self.until(answer)
        return time.perf_counter() - began
