"""A rig, a server and Chromium for the acceptance tests of the web application."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from rig_in_browser import RigServer, Simulator

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
PATIENCE_MS = 30_000


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
def started(browser: Browser, simulator: Simulator, rig: RigServer) -> None:
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
def rig(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RigServer]:
    """A server on the simulated rig, with the web application."""
    if not (ROOT / "src" / "tetherlight" / "web" / "index.html").is_file():
        pytest.skip("the web application is not built: make web")
    with RigServer(tmp_path_factory.mktemp("rig"), simulator) as server:
        yield server


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    """A browser window that is patient with a busy machine."""
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
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
