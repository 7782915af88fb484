"""The live view in a real browser: frames drawn, their age, and what the browser uses, against a Base64 `<img>`."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.figures import cpu_seconds, family, median
from bench.processes import ROOT, server, simulator
from bench.table import Plan, Row, at_least, at_most
from bench.wire import Wire

FPS = 30.0
SIZE = (1440, 900)
WARM_FRAMES = 60
PATIENCE_MS = 60_000
WINDOWS = 4
"""Windows of the plan in one here: the page tells its figures only twice a second."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")

COMPARATOR = """<!doctype html><title>Base64</title>
<style>body { margin: 0; background: #101010 } img { width: 100vw; height: 100vh; object-fit: contain }</style>
<img alt=""><p id="figures" data-frames="0" hidden></p>
<script>
  const image = document.querySelector("img"), figures = document.querySelector("#figures");
  const socket = new WebSocket(`ws://127.0.0.1:${location.hash.slice(1)}/ws`);
  let drawn = 0, ages = [];
  socket.onopen = () => socket.send(JSON.stringify({action: "START_LIVEVIEW", payload: {encoding: "base64"}}));
  socket.onmessage = ({data}) => {
    const message = JSON.parse(data);
    if (!message.frame) return;
    const capturedAt = Date.parse(message.captured_at);
    image.src = `data:${message.mimetype};base64,${message.frame}`;
    // An image counts as loaded before it is decoded, which is most of the work of drawing it.
    image.decode().then(() => { drawn += 1; ages.push(Date.now() - capturedAt); }, () => undefined);
  };
  setInterval(() => {
    figures.textContent = `${Math.round(ages.reduce((sum, age) => sum + age, 0) / ages.length)} ms`;
    figures.dataset.frames = drawn;
    ages = [];
  }, 500);
</script>"""

WATCH = """async ([selector, warm, seconds]) => {
    const line = document.querySelector(selector);
    const drawn = () => Number(line.dataset.frames ?? 0);
    const told = () => new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error("no figures for a while")), 30_000);
        const watcher = new MutationObserver(() => { watcher.disconnect(); resolve(performance.now()); });
        watcher.observe(line, {attributes: true, attributeFilter: ["data-frames"]});
    });
    const first = drawn();
    if (warm > 0) {
        const patience = performance.now() + 30_000;
        while (drawn() - first < warm) {
            if (await told() > patience) throw new Error(`${drawn()} frames drawn`);
        }
        return null;
    }
    const asked = performance.now();
    const from = await told(), before = drawn(), ages = [];
    let now = from;
    while (now - from < seconds * 1000) {
        now = await told();
        const age = /(\\d+) ms/.exec(line.textContent);
        if (age) ages.push(Number(age[1]));
    }
    return {frames: drawn() - before, seconds: (now - from) / 1000, waited: (from - asked) / 1000, ages};
}"""


@dataclass(frozen=True)
class Seen:
    """What one window showed: frames a second, milliseconds from the camera to drawn, processor time per frame."""

    fps: float
    age_ms: float
    cpu_ms: float
    cores: float


def run(plan: Plan) -> list[Row]:
    """Open the application and the comparator in turn, on one server, several times."""
    missing = _missing()
    if missing is not None:
        plan.say(f"browser: left out, {missing}")
        return []
    ours: list[Seen] = []
    theirs: list[Seen] = []
    with ExitStack() as stack:
        simulated = stack.enter_context(simulator("--fps", str(FPS), cameras=1))
        serving = stack.enter_context(server(simulated))
        with Wire(serving.url) as wire:
            wire.do("SELECT_CAMERA")
        simulated.light_up()
        browser = stack.enter_context(_chromium())
        compared = stack.enter_context(_comparator())
        for number in range(plan.rounds):
            plan.say(f"browser, round {number + 1} of {plan.rounds}")
            ours.append(
                _watch(browser, f"http://127.0.0.1:{serving.port}/", "[data-testid=readout]", plan.seconds * WINDOWS)
            )
            theirs.append(_watch(browser, f"{compared}#{serving.port}", "#figures", plan.seconds * WINDOWS))
    return _rows(ours, theirs)


def _missing() -> str | None:
    if _executable() is None:
        return "there is no Chromium"
    built = (ROOT / "src" / "tetherlight" / "web" / "index.html").is_file()
    return None if built else "the web application is not built"


def _executable() -> str | None:
    return next((path for path in map(shutil.which, CHROMIUM) if path), None)


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_executable(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def _watch(browser: Browser, address: str, selector: str, seconds: float) -> Seen:
    with browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(address)
        page.locator(selector).wait_for(state="attached")
        _evaluate(page, selector, warm=WARM_FRAMES, seconds=0)
        before = cpu_seconds(_processes())
        found = _evaluate(page, selector, warm=0, seconds=seconds)
        used = cpu_seconds(_processes()) - before
    fps = found["frames"] / found["seconds"]
    # The window of the processor time also holds the wait for the page's first figure.
    cores = used / (found["seconds"] + found["waited"])
    return Seen(fps, median(found["ages"]), 1000 * cores / fps, cores)


class ComparatorHandler(BaseHTTPRequestHandler):
    """Gives the comparator's page to whoever asks for anything."""

    def do_GET(self) -> None:
        """Answer with the page."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(COMPARATOR.encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def _comparator() -> Iterator[str]:
    # On the server's own host name, so that the server lets its socket in.
    with ThreadingHTTPServer(("127.0.0.1", 0), ComparatorHandler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{serving.server_port}/"
        finally:
            serving.shutdown()
            thread.join()


def _evaluate(page: Page, selector: str, *, warm: int, seconds: float) -> Any:
    return page.evaluate(WATCH, [selector, warm, seconds])


def _processes() -> list[int]:
    return [pid for pid in family(os.getpid()) if "chrom" in Path("/proc", str(pid), "comm").read_text()]


def _rows(ours: list[Seen], theirs: list[Seen]) -> list[Row]:
    def both(field: str) -> tuple[float, float]:
        mine, other = (median([getattr(seen, field) for seen in several]) for several in (ours, theirs))
        return mine, other

    fps, age, cpu, cores = (both(field) for field in ("fps", "age_ms", "cpu_ms", "cores"))
    return [
        Row("browser: frames drawn", f"{fps[0]:.1f} fps", f"{fps[1]:.1f} fps, base64 img",
            fps[0] / fps[1], at_least(0.98)),
        Row("browser: camera to drawn", f"{age[0]:.0f} ms", f"{age[1]:.0f} ms, base64 img",
            age[0] / age[1], at_most(1)),
        Row("browser: processor time per frame", f"{cpu[0]:.1f} ms ({cores[0]:.2f} cores)",
            f"{cpu[1]:.1f} ms ({cores[1]:.2f} cores), base64 img", cpu[0] / cpu[1], at_most(1)),
    ]  # fmt: skip
