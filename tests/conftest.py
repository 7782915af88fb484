"""What every test gets: a private temporary folder, clean settings, and a check that it leaves nothing behind."""

import asyncio
import contextlib
import inspect
import os
import select
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest

from support.free_ports import free_port
from support.patience import stretched
from support.program import ForkServer, as_users_do, start_faster
from tetherlight.settings import Settings

GRACE_S = 10.0
KEPT_BY_OTHERS = ("playwright", ".org.chromium", "org.chromium", "com.google", ".com.google")
SLOWNESS = [hypothesis.HealthCheck.too_slow]
FORK_SERVER = pytest.StashKey[ForkServer]()
HELPERS_OF_PYTHON = (b"multiprocessing.resource_tracker", b"multiprocessing.forkserver")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--camera-port",
        metavar="PORT",
        help="run the camera tests on this real camera, such as usb:001,006, instead of the simulator",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "hardware: needs the real camera of --camera-port")
    config.addinivalue_line("markers", "as_users: every program is started anew, as its users do")
    # A shell that starts the tests in the background, or nohup, lets them ignore these; what they start must not.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # How long an example takes says how busy the machine is.
    hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=SLOWNESS)
    hypothesis.settings.load_profile("any machine")
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    # Tests start some thousand programs; each would compile all of its modules again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Pytest keeps its own folders where they always are; everything else that is temporary is ours to count.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    private = tempfile.mkdtemp(prefix="tetherlight-")
    config.add_cleanup(lambda: shutil.rmtree(private, ignore_errors=True))
    tempfile.tempdir = os.environ["TMPDIR"] = str(Path(private, "tmp"))
    os.environ["XDG_STATE_HOME"] = str(Path(private, "state"))
    if not hasattr(config, "workerinput"):
        # One for all workers of a run: the simulator's scene is rendered by the first that needs it.
        os.environ["XDG_CACHE_HOME"] = str(Path(private, "cache"))
    Path(tempfile.tempdir).mkdir()
    config.stash[FORK_SERVER] = start_faster()
    config.add_cleanup(config.stash[FORK_SERVER].close)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Give each test as much more time as this machine needs now, where `--timeout` does not say how much it has.

    Those marked `as_users` get programs that are started anew, also for the fixtures that they are the first to need.
    """
    if item.config.getoption("timeout") is None:
        own = item.get_closest_marker("timeout")
        usual = own.args[0] if own else item.config.getini("timeout")
        item.add_marker(pytest.mark.timeout(stretched(float(usual))), append=False)
    with as_users_do() if item.get_closest_marker("as_users") else contextlib.nullcontext():
        return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--camera-port"):
        return
    skip = pytest.mark.skip(reason="needs a real camera: pytest --camera-port=usb:BUS,DEVICE")
    for item in items:
        if "hardware" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def camera_port(request: pytest.FixtureRequest) -> str | None:
    """The port of the real camera that the tests shall use, or None for the simulator."""
    port: str | None = request.config.getoption("--camera-port")
    return port


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """The folder of recorded photometric sets; tests that need it are skipped where it is not given."""
    folder = os.environ.get("TETHERLIGHT_REFERENCE_DATA")
    if not folder:
        pytest.skip("needs recorded sets: set TETHERLIGHT_REFERENCE_DATA to their folder")
    return Path(folder)


@pytest.fixture
def found_by_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes that compute import what tests support."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture(name="free_port")
def a_free_port() -> int:
    """A port of the loopback interface on which nothing listens."""
    return free_port()


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a task, a child process, a listening socket or a temporary file."""
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("no_task_left")
    processes, listeners, files = _children(), _listening(), _temporary_files()
    yield
    known = {*processes, request.config.stash[FORK_SERVER].pid}
    left = [f"process {pid}: {name}" for pid, name in _children().items() if pid not in known and not _ends(pid)]
    left += [f"listening socket {address}" for address in _listening() - listeners]
    left += [f"temporary file {name}" for name in _temporary_files() - files]
    assert not left, "left behind: " + "; ".join(sorted(left))


@pytest.fixture
async def no_task_left() -> AsyncIterator[None]:
    """Fail an asynchronous test that leaves a task running."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        # A task that was cancelled in the test's last moment may still need a turn of the loop.
        await asyncio.wait(left, timeout=stretched(GRACE_S))
    names = sorted(repr(task) for task in left if not task.done())
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    assert not names, "tasks left behind: " + "; ".join(names)


def _children() -> dict[int, str]:
    found = {}
    for children in Path("/proc/self/task").glob("*/children"):
        try:
            pids = children.read_text().split()
        except OSError:  # the thread has ended
            continue
        for pid in pids:
            try:
                command = Path("/proc", pid, "cmdline").read_bytes()
            except OSError:
                continue
            if not any(helper in command for helper in HELPERS_OF_PYTHON):
                found[int(pid)] = command.replace(b"\0", b" ").decode(errors="replace")[:200]
    return found


def _ends(pid: int) -> bool:
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return True
    try:
        return bool(select.select([handle], [], [], stretched(GRACE_S))[0])
    finally:
        os.close(handle)


def _listening() -> set[str]:
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            inode = str(entry.readlink())
            if not inode.startswith("socket:"):
                continue
            with socket.socket(fileno=os.dup(int(entry.name))) as copy:
                if copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    found.add(f"{copy.getsockname()} {inode}")
        except OSError:
            continue
    return found


def _temporary_files() -> set[str]:
    return {entry.name for entry in Path(tempfile.gettempdir()).iterdir() if not entry.name.startswith(KEPT_BY_OTHERS)}
