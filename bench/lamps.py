"""What lamps of several drivers add to a set, and how long many lamps of one take to switch.

Their far ends are small receivers of our own, on loopback and on a pseudo-terminal.
"""

import asyncio
import contextlib
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.figures import median
from bench.processes import Helper, helper, server, simulator
from bench.sequence import SETTLE_S
from bench.table import Plan, Row, at_most
from bench.wire import Wire

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.dmx_receiver import DmxReceiver, dmx_receiver
from support.lamp_devices import strip
from support.serial_peer import SerialPeer
from tetherlight.lights.dmx import REFRESH_S

EACH, MANY = 16, 100
LIGHTS = [f"{kind}{number}" for number in range(3) for kind in "asbw"]
"""Those of the set: of 4 drivers in turn, among 64."""


def run(plan: Plan) -> list[Row]:
    """Take sets over lamps of four drivers, then switch a hundred lamps of a universe, and of a board.

    Under the sets sACN goes on: a receiver that heard nothing for 2.5 s would take its sender for gone.
    """
    size = ("--width", "600", "--height", "400") if plan.quick else ()
    settle = 0.05 if plan.quick else SETTLE_S
    lights = LIGHTS[:4] if plan.quick else LIGHTS
    settings = {"PHOTOMETRIC_CAPTURE_DELAY": str(settle)}
    with (
        _receivers() as (rig, sacn),
        simulator(*size, cameras=2) as simulated,
        helper("bench.bare") as bare,
        server(simulated, settings=settings | {"RIG_FILE": str(rig)}) as serving,
        Wire(serving.url) as wire,
    ):
        wire.do("SELECT_CAMERA")
        bare.ask("open", port=simulated.port(1))
        per_light, exposures = [], []
        sacn.longest_pause_s = 0.0
        for number in range(plan.rounds + 1):
            plan.say(f"set of {len(lights)} lights of 4 drivers, {number + 1} of {plan.rounds + 1}")
            began = time.perf_counter()
            wire.do("CAPTURE_PHOTOMETRIC_SET", light_sequence=lights, retakes=0)
            took = (time.perf_counter() - began) / len(lights)
            found = [_exposure(bare, simulated.port(1), settle) for _ in lights]
            if number or plan.quick:
                per_light.append(took)
                exposures += found
        pause = sacn.longest_pause_s
        switched = [_switching(wire, kind, 10 if plan.quick else 200) for kind in "mn"]
    needed = settle + median(exposures)
    return [
        Row(
            f"set over lamps of 4 drivers, per light of {len(lights)}", f"{median(per_light):.3f} s",
            f"{needed:.3f} s: {settle:g} s settling, exposure and transfer", median(per_light) / needed,
            at_most(1.05),
        ),
        Row(
            "sACN under these sets, longest pause between two datagrams", f"{pause:.2f} s",
            f"{REFRESH_S:g} s, its refresh", pause / REFRESH_S, at_most(1.25),
        ),
        *(
            Row(
                f"{MANY} lamps of one {where}, request to answer, median", f"{1000 * seconds:.1f} ms", "20 ms",
                seconds / 0.02, at_most(1.0),
            )
            for where, seconds in zip(("DMX universe", "serial board"), switched, strict=True)
        ),
    ]  # fmt: skip


def _exposure(bare: Helper, port: str, settle: float) -> float:
    """Return the seconds of one exposure with its transfer and durable write, after the pause of a light."""
    time.sleep(settle)
    return float(bare.ask("capture", port=port)["seconds"])


def _switching(wire: Wire, kind: str, count: int) -> float:
    names = [f"{kind}{number}" for number in range(MANY)]
    took = []
    for number in range(count):
        began = time.perf_counter()
        wire.do("SET_LIGHT_STATES", states=dict.fromkeys(names, number % 2 == 0))
        took.append(time.perf_counter() - began)
    wire.do("SET_LIGHT_STATES", states={}, others_off=True)
    return median(took)


@contextlib.contextmanager
def _receivers() -> Iterator[tuple[Path, DmxReceiver]]:
    """Run the far ends of lamps in a thread, and give the rig file that names them and the receiver of sACN."""
    loop, ready, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    with tempfile.TemporaryDirectory(prefix="tetherlight-bench-") as folder:
        rig, told = Path(folder, "rig.toml"), list[tuple[str, DmxReceiver]]()

        async def serve() -> None:
            async with dmx_receiver() as artnet, dmx_receiver() as sacn, strip() as leds:
                boards = SerialPeer(channels=EACH), SerialPeer(channels=MANY)
                ports = {"artnet": artnet.port, "sacn": sacn.port, "strip": leds.port}
                told.append((_rig(ports, [board.port for board in boards], leds.udp_port), sacn))
                ready.set()
                await done.wait()
                for board in boards:
                    board.unplug()

        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="receivers of lamps")
        thread.start()
        try:
            ready.wait()
            text, receiver = told[0]
            rig.write_text(text)
            yield rig, receiver
        finally:
            loop.call_soon_threadsafe(done.set)
            thread.join()
            loop.close()


def _rig(ports: Mapping[str, int], boards: Sequence[str], udp: int) -> str:
    hold, lines = "allow_hold = true", []
    artnet, sacn, strip_port = ports["artnet"], ports["sacn"], ports["strip"]
    for number in range(1, EACH + 1):
        lines += [
            f'a{number - 1} = {{ driver = "artnet", address = "127.0.0.1:{artnet}/1/{number}", {hold} }}',
            f's{number - 1} = {{ driver = "sacn", address = "127.0.0.1:{sacn}/1/{number}", {hold} }}',
            f'b{number - 1} = {{ driver = "serial", address = "{boards[0]}/{number}" }}',
            f'w{number - 1} = {{ driver = "wled", address = "127.0.0.1:{strip_port}/{number - 1}" }}',
        ]
    for number in range(1, MANY + 1):
        lines += [
            f'm{number - 1} = {{ driver = "artnet", address = "127.0.0.1:{artnet}/2/{number}", {hold} }}',
            f'n{number - 1} = {{ driver = "serial", address = "{boards[1]}/{number}" }}',
        ]
    return "[lights]\n" + "\n".join(lines) + f"\n[drivers.wled]\nport = {udp}\n"
