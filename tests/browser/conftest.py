"""A rig, a server and Chromium for the acceptance tests of the web application."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from support.browser_screens import PATIENCE_MS
from support.patience import stretched
from support.rig_in_browser import RigServer, Simulator

CHROMIUM_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP rig.test 127.0.0.1",
)
ROOT = Path(__file__).parents[2]
UNANSWERED = """(() => {
    const waiting = new Set();
    window.unanswered = waiting;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (message) {
        const id = typeof message === "string" ? JSON.parse(message).request_id : undefined;
        if (id !== undefined && !this.followed) {
            this.followed = true;
            this.addEventListener("close", () => waiting.clear());
            this.addEventListener("message", ({data}) => {
                if (typeof data === "string") waiting.delete(JSON.parse(data).request_id);
            });
        }
        if (id !== undefined) waiting.add(id);
        return send.call(this, message);
    };
})();"""
"""Lets a page tell which of its requests have no answer yet."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the system's Chromium instead of one that Playwright brings."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    return browser_type_launch_args | {"executable_path": found, "args": list(CHROMIUM_ARGUMENTS)}


@pytest.fixture(scope="session")
def base_url() -> str:
    """Take the place of a fixture of pytest-base-url which pytest warns of; every test names its server itself."""
    return ""


@pytest.fixture(scope="session", autouse=True)
def started(browser: Browser, simulator: Simulator, lasting_rig: RigServer) -> None:
    """Start what lasts the whole session before a test counts processes and sockets."""


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """The simulated camera and scene of all tests here."""
    simulator = Simulator()
    yield simulator
    simulator.stop()


@pytest.fixture
def own_simulator() -> Iterator[Simulator]:
    """A simulated camera that no other server holds."""
    simulator = Simulator()
    yield simulator
    simulator.stop()


@pytest.fixture(scope="session")
def lasting_rig(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RigServer]:
    """The server of all tests here that need none of their own, with the web application."""
    if not (ROOT / "src" / "tetherlight" / "web" / "index.html").is_file():
        pytest.skip("the web application is not built: make web")
    with RigServer(tmp_path_factory.mktemp("rig"), simulator) as server:
        yield server


@pytest.fixture
def rig(lasting_rig: RigServer, simulator: Simulator) -> RigServer:
    """A server on the simulated rig, where no earlier test has left anything."""
    simulator.control("clear_faults", camera="camera1")
    lasting_rig.tidy()
    return lasting_rig


@pytest.fixture
def slow_rig(own_simulator: Simulator, tmp_path: Path) -> Iterator[RigServer]:
    """A server whose sets take longer than any test looks at them."""
    with RigServer(tmp_path / "rig", own_simulator, PHOTOMETRIC_CAPTURE_DELAY="10") as server:
        yield server
        server.tidy()


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    """A browser window that is patient with a busy machine."""
    context.set_default_timeout(stretched(PATIENCE_MS))
    context.add_init_script(UNANSWERED)
    expect.set_options(timeout=stretched(PATIENCE_MS))
    return context


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the page has complained about on its console or thrown."""
    found: list[str] = []

    def keep(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            found.append(message.text)

    page.on("console", keep)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found
