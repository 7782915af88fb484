"""Unmodified libgphoto2 in a child process, so that its hangs, spins and closing of file descriptor 0 hurt no test."""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from support.patience import stretched

START_S = 60.0
OPENINGS = 3
IO = -7
"""GP_ERROR_IO: a connection that did not come about, among others."""
STOP_S = 5.0
SECONDS = {"trigger": 10.0, "events": 10.0, "order": 60.0, "wait_for": 5.0}
"""How long the calls that wait for the camera do so."""


class GphotoFailedError(Exception):
    """libgphoto2 raised an error; `code` is its number."""

    def __init__(self, code: int) -> None:
        super().__init__(f"gphoto error {code}")
        self.code = code


class GphotoDiedError(Exception):
    """The process crashed during a call."""

    def __init__(self, code: int) -> None:
        super().__init__(f"libgphoto2's process ended with {code}")
        self.code = code


class GphotoHungError(Exception):
    """A call did not return in time; the process has been killed."""


class GphotoProcess:
    """Drive one camera by libgphoto2: `async with GphotoProcess(port) as camera: await camera.call("preview")`.

    `settings` are those of libgphoto2's PTP driver, such as `cachetime` in seconds.
    """

    def __init__(self, port: str, *, opened: bool = True, **settings: object) -> None:
        self._port = port
        self._opened = opened
        self._folder = tempfile.TemporaryDirectory(prefix="gphoto-")
        if settings:
            kept = Path(self._folder.name, "gphoto")
            kept.mkdir()
            kept.joinpath("settings").write_text("".join(f"ptp2={name}={value}\n" for name, value in settings.items()))
        self._process: asyncio.subprocess.Process | None = None
        self.seconds = 0.0
        self.said: list[str] = []

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            self._folder.name,
            cwd=Path(__file__).parents[1],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"XDG_CONFIG_HOME": self._folder.name, "LANGUAGE": "C"},
            limit=1 << 26,
        )
        try:
            if self._opened:
                await self._open()
        except BaseException:
            await self._stop()
            raise
        return self

    async def _open(self) -> None:
        """Open the camera; libgphoto2 gives a network two seconds for each answer, too few on a very busy machine."""
        for left in reversed(range(OPENINGS)):
            try:
                await self.call("open", port=self._port, deadline=START_S)
            except GphotoFailedError as error:
                if error.code != IO or not left:
                    raise
            else:
                return

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stop()

    async def kill(self) -> None:
        """End the process at once, whatever it does."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def call(self, name: str, /, *, deadline: float = 15.0, **arguments: Any) -> Any:
        """Make one call and give its result.

        `seconds` is then how long it took inside, and `said` what libgphoto2 had to say of errors.

        Raise GphotoFailedError, GphotoDiedError, or GphotoHungError when there is no answer in time.
        """
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        if name in SECONDS:
            arguments["seconds"] = stretched(arguments.get("seconds", SECONDS[name]))
        process.stdin.write(json.dumps({"call": name, **arguments}).encode() + b"\n")
        try:
            await process.stdin.drain()
            line = await asyncio.wait_for(process.stdout.readline(), stretched(deadline))
        except TimeoutError:
            process.kill()
            await process.wait()
            raise GphotoHungError(name) from None
        if not line:
            raise GphotoDiedError(await process.wait())
        answer = json.loads(line)
        self.seconds = answer["seconds"]
        self.said = answer["said"]
        if "error" in answer:
            raise GphotoFailedError(answer["error"])
        return answer["result"]

    async def fails(self, name: str, /, **arguments: Any) -> int:
        """Make a call that has to fail and give the error's number."""
        try:
            result = await self.call(name, **arguments)
        except GphotoFailedError as error:
            return error.code
        raise AssertionError(f"{name} succeeded with {result!r}")

    async def first_preview(self) -> bytes:
        """Give a preview that the simulator may have to render first, for longer than libgphoto2 waits."""
        async with asyncio.timeout(START_S):
            while True:
                with contextlib.suppress(GphotoFailedError):
                    await self.call("preview", save="preview.jpg", deadline=START_S)
                    return self.read("preview.jpg")

    def read(self, name: str) -> bytes:
        """Give the content of a file that a call has saved."""
        return Path(self._folder.name, name).read_bytes()

    async def _stop(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            assert process.stdin is not None
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), stretched(STOP_S))
            except TimeoutError:
                process.kill()
                await process.wait()
        self._folder.cleanup()


class _Child:
    """What runs inside the child process."""

    def __init__(self, folder: str) -> None:
        import gphoto2  # noqa: PLC0415 - only ever in the child

        self._gp: Any = gphoto2
        self._folder = Path(folder)
        self._camera: Any = None
        self._said: list[str] = []
        self._context = self._gp.Context()
        # As long as it is kept, libgphoto2 calls it.
        self._listening = self._context.set_error_func(self._hear, None)

    def _hear(self, _context: Any, text: bytes | str, _data: Any) -> None:
        self._said.append(text.decode() if isinstance(text, bytes) else text)

    def open(self, port: str) -> None:
        gp = self._gp
        ports = gp.PortInfoList()
        ports.load()
        abilities = gp.CameraAbilitiesList()
        abilities.load()
        self._camera = gp.Camera()
        self._camera.set_port_info(ports[ports.lookup_path(port)])
        self._camera.set_abilities(abilities[abilities.lookup_model("PTP/IP Camera")])
        self._camera.init(self._context)

    def reopen(self) -> None:
        with contextlib.suppress(self._gp.GPhoto2Error):
            self._camera.exit()
        self._camera.init()

    def exit(self) -> None:
        self._camera.exit()

    def summary(self) -> str:
        return str(self._camera.get_summary())

    def storage(self) -> list[int]:
        return [entry.freekbytes for entry in self._camera.get_storageinfo()]

    def preview(self, save: str | None = None) -> int:
        file = self._camera.capture_preview(None, self._context)
        content = bytes(file.get_data_and_size())
        if save:
            (self._folder / save).write_bytes(content)
        return len(content)

    def previews(self, count: int) -> list[str]:
        """Give a digest of each of some frames."""
        import hashlib  # noqa: PLC0415

        digests = []
        for _ in range(count):
            file = self._camera.capture_preview()
            digests.append(hashlib.sha256(bytes(file.get_data_and_size())).hexdigest())
        return digests

    def names(self) -> dict[str, Any]:
        """Give the value and choices of each entry of the configuration."""
        found: dict[str, Any] = {}
        root = self._camera.get_config()
        self._collect(root, found)
        return found

    def _collect(self, widget: Any, found: dict[str, Any]) -> None:
        for index in range(widget.count_children()):
            child = widget.get_child(index)
            if child.get_type() == self._gp.GP_WIDGET_SECTION:
                self._collect(child, found)
            elif child.get_type() in {self._gp.GP_WIDGET_RADIO, self._gp.GP_WIDGET_MENU}:
                choices = [child.get_choice(number) for number in range(child.count_choices())]
                found[child.get_name()] = [child.get_value(), choices]
            else:
                found[child.get_name()] = [child.get_value(), None]

    def get(self, name: str) -> Any:
        widget = self._camera.get_single_config(name)
        return None if widget is None else widget.get_value()

    def readonly(self, name: str) -> bool:
        return bool(self._camera.get_single_config(name).get_readonly())

    def set(self, name: str, value: Any) -> None:
        widget = self._camera.get_single_config(name)
        widget.set_value(value)
        self._camera.set_single_config(name, widget, self._context)

    def capture(self) -> str:
        path = self._camera.capture(self._gp.GP_CAPTURE_IMAGE, self._context)
        return f"{path.folder.rstrip('/')}/{path.name}"

    def trigger(self, seconds: float) -> list[str]:
        """Trigger an exposure and collect its files up to the end of it."""
        self._camera.trigger_capture(self._context)
        return self.events(seconds)

    def events(self, seconds: float, wanted: int | None = None) -> list[str]:
        """Collect the files of an exposure up to its end, or so many files."""
        files: list[str] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            kind, data = self._camera.wait_for_event(100)
            if kind == self._gp.GP_EVENT_FILE_ADDED:
                files.append(f"{data.folder.rstrip('/')}/{data.name}")
            if kind == self._gp.GP_EVENT_CAPTURE_COMPLETE or (wanted is not None and len(files) == wanted):
                return files
        raise TimeoutError(files)

    def order(self, seconds: float, files: int) -> list[str]:
        """Give the kinds of events in order, up to so many files and the end of an exposure."""
        kinds: list[str] = []
        until = time.monotonic() + seconds
        while kinds.count("file") < files or "complete" not in kinds:
            if time.monotonic() > until:
                raise TimeoutError(kinds)
            kind, _ = self._camera.wait_for_event(100)
            if kind == self._gp.GP_EVENT_FILE_ADDED:
                kinds.append("file")
            elif kind == self._gp.GP_EVENT_CAPTURE_COMPLETE:
                kinds.append("complete")
        return kinds

    def wait_for(self, text: str, seconds: float) -> str:
        """Wait for an event of which libgphoto2 says this."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            kind, data = self._camera.wait_for_event(100)
            if kind == self._gp.GP_EVENT_UNKNOWN and text in str(data):
                return str(data)
        raise TimeoutError(text)

    def download(self, path: str, save: str, kind: str = "NORMAL") -> int:
        folder, name = os.path.split(path)
        file = self._camera.file_get(folder or "/", name, getattr(self._gp, f"GP_FILE_TYPE_{kind}"))
        content = bytes(file.get_data_and_size())
        (self._folder / save).write_bytes(content)
        return len(content)

    def info(self, path: str) -> list[int]:
        folder, name = os.path.split(path)
        file = self._camera.file_get_info(folder, name).file
        return [file.size, file.width, file.height]

    def delete(self, path: str) -> None:
        self._camera.file_delete(*os.path.split(path))

    def files(self, folder: str) -> list[str]:
        listed = self._camera.folder_list_files(folder)
        return [listed.get_name(index) for index in range(listed.count())]

    def folders(self, folder: str) -> list[str]:
        listed = self._camera.folder_list_folders(folder)
        return [listed.get_name(index) for index in range(listed.count())]

    def serve(self) -> None:
        # Requests come through a copy of stdin: the end of each network camera closes file descriptor 0.
        requests = os.fdopen(os.dup(0), "rb")
        for line in requests:
            _keep_descriptor_zero()
            fields = json.loads(line)
            call = getattr(self, fields.pop("call"))
            self._said.clear()
            began = time.perf_counter()
            try:
                answer = {"result": call(**fields)}
            except self._gp.GPhoto2Error as error:
                answer = {"error": error.code}
            answer["said"] = self._said
            answer["seconds"] = time.perf_counter() - began
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def _keep_descriptor_zero() -> None:
    try:
        os.fstat(0)
    except OSError:
        assert os.open(os.devnull, os.O_RDONLY) == 0


if __name__ == "__main__":
    _Child(sys.argv[1]).serve()
