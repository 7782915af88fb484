"""Measure how soon a surface is drawn in a browser, and how often while a hand leads its light.

`python -m bench.results_page ADDRESS` takes the address of a surface, such as http://127.0.0.1:8000/results/?set=NAME,
and draws it without a graphics processor, on a stage that is 1,024 pixels wide.
"""

import os
import shutil
import statistics
import sys

from playwright.sync_api import sync_playwright

from bench.figures import cpu_seconds, family

WIDTH, HEIGHT = 1452, 900
SECONDS = 4
ROUNDS = 3
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
FIRST_DRAWN = """new MutationObserver((_, watcher) => {
    if (document.querySelector('canvas[data-drawn]') === null) return;
    watcher.disconnect();
    window.firstDrawn = performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ['data-drawn']});"""
LEAD = """async (seconds) => {
    const stage = document.querySelector('[data-testid=stage]');
    const canvas = document.querySelector('[data-testid=relight]');
    const {left, top, width, height} = stage.getBoundingClientRect();
    const drawn = () => Number(canvas.dataset.drawn);
    const [before, began] = [drawn(), performance.now()];
    let now = began;
    while (now - began < 1000 * seconds) {
        const turn = (now - began) / 400;
        const clientX = left + width * (0.5 + 0.3 * Math.cos(turn));
        const clientY = top + height * (0.5 + 0.3 * Math.sin(turn));
        stage.dispatchEvent(new PointerEvent('pointermove', {pointerId: 1, bubbles: true, clientX, clientY}));
        now = await new Promise(requestAnimationFrame);
    }
    return [(drawn() - before) / (now - began) * 1000, canvas.width];
}"""
BY_KEYS = """async (seconds) => {
    const canvas = document.querySelector('[data-testid=relight]');
    const drawn = () => Number(canvas.dataset.drawn);
    const [before, began] = [drawn(), performance.now()];
    let now = began;
    for (let key = 'ArrowLeft'; now - began < 1000 * seconds; key = key === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft') {
        document.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
        now = await new Promise(requestAnimationFrame);
    }
    return [(drawn() - before) / (now - began) * 1000, canvas.width];
}"""
"""Keys move the light as well, and there each picture is drawn whole."""


def main(address: str) -> None:
    firsts, rates, costs, widths, whole = [], [], [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        for _ in range(ROUNDS):
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.set_default_timeout(120_000)
            page.add_init_script(FIRST_DRAWN)
            page.goto(address)
            page.locator("canvas[data-drawn]").first.wait_for()
            firsts.append(page.evaluate("window.firstDrawn") / 1000)
            page.wait_for_timeout(1500)
            box = page.get_by_test_id("stage").bounding_box()
            assert box is not None
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            whole.append(page.evaluate(BY_KEYS, SECONDS))
            page.mouse.down()
            before = cpu_seconds(family(os.getpid()))
            rate, width = page.evaluate(LEAD, SECONDS)
            costs.append(1000 * (cpu_seconds(family(os.getpid())) - before) / (rate * SECONDS))
            rates.append(rate)
            widths.append(width)
            page.close()
        browser.close()
    print(f"first picture {statistics.median(firsts):.2f} s ({', '.join(f'{one:.2f}' for one in firsts)})")
    print(f"{statistics.median(rates):.1f} pictures a second ({', '.join(f'{one:.1f}' for one in rates)})")
    print(f"{statistics.median(rate for rate, _ in whole):.1f} at {whole[0][1]} pixels ({whole})")
    print(f"{statistics.median(costs):.0f} ms of processor time each ({', '.join(f'{one:.0f}' for one in costs)})")
    print(f"canvas {min(widths)} to {max(widths)} pixels wide at the end")


if __name__ == "__main__":
    main(sys.argv[1])
