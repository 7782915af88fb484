"""`tetherlight liveview`."""

import itertools
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.options import choose_camera, connected
from tetherlight.cli.output import say
from tetherlight.cli.words import CameraOption

if TYPE_CHECKING:
    from rich import console as terminal

    from tetherlight.client import Frame
else:
    terminal = Later("rich.console")

WINDOW = 2.0
STREAMS = {".mjpg", ".mjpeg"}


class Meter:
    """Frames of the last seconds, and how old they were when they came."""

    def __init__(self) -> None:
        self.count = 0
        self._began = time.monotonic()
        self._times: deque[float] = deque(maxlen=256)
        self.delay = 0.0

    def add(self, frame: "Frame") -> None:
        """Count a frame."""
        self.count += 1
        self._times.append(time.monotonic())
        self.delay = time.time() - frame.captured_at.timestamp()

    @property
    def fps(self) -> float:
        """Frames a second over the last two seconds."""
        recent = [moment for moment in self._times if self._times[-1] - moment <= WINDOW]
        return (len(recent) - 1) / (recent[-1] - recent[0]) if len(recent) > 1 else 0.0

    @property
    def average(self) -> float:
        """Frames a second since the beginning."""
        return self.count / max(time.monotonic() - self._began, 1e-6)


def liveview(
    context: typer.Context,
    camera: CameraOption = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after so many frames.")] = None,
    max_fps: Annotated[float | None, typer.Option(min=0.01, max=120, help="At most so many frames a second.")] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep the newest frame in FILE.jpg, or all of them in FILE.mjpg."),
    ] = None,
) -> None:
    """Watch the live view until Ctrl-C and show how many frames a second come."""
    if save is not None and save.suffix.lower() in STREAMS:
        save.unlink(missing_ok=True)
    meter = Meter()
    console = terminal.Console(stderr=True, highlight=False)
    with connected(context) as rig:
        camera_id = choose_camera(rig, camera)
        frames = rig.liveview(camera_id=camera_id, max_fps=max_fps)
        try:
            with console.status("waiting for the first frame") as status:
                for frame in itertools.islice(frames, count):
                    meter.add(frame)
                    _save(frame, save)
                    size = f"{frame.width} x {frame.height}, {len(frame.jpeg) / 1000:.0f} kB"
                    status.update(f"{meter.fps:5.1f} fps  {size}  {meter.delay * 1000:.0f} ms old  frame {frame.seq}")
        except KeyboardInterrupt:
            pass
        finally:
            frames.close()
    facts = {"camera_id": camera_id, "frames": meter.count, "fps": round(meter.average, 2)}
    say(context, facts, f"{meter.count} frames, {meter.average:.1f} a second.")


def _save(frame: "Frame", path: Path | None) -> None:
    if path is None:
        return
    if path.suffix.lower() in STREAMS:
        with path.open("ab") as file:
            file.write(frame.jpeg)
        return
    # Renamed into place: who looks at the file never sees half a picture.
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(frame.jpeg)
    partial.replace(path)
