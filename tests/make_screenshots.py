"""The images of the README, from the served app: `python tests/make_screenshots.py`.

Light theme, one window size, nothing random: the same pictures wherever the same fonts are.
`start.webp` shows the first page moving; it needs Pillow.
"""

import io
from pathlib import Path

from browsing import CHROMIUM, FLAGS, serve
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
STILLS = {
    "screenshot": "vector-fields",
    "screenshot-minimum": "at-the-minimum",
    "screenshot-lesson": "vector-fields?lesson=bends.3",
}
FRAMES, SECONDS = 45, 7.2


def main() -> None:
    with serve("app.py") as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, link in STILLS.items():
            still(browser, f"{url}/{link}", HERE / f"{name}.png")
        animation(browser, url, HERE / "start.webp")
        browser.close()


def new_page(browser: Browser, width: int, height: int) -> Page:
    return browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")


def still(browser: Browser, url: str, path: Path) -> None:
    page = new_page(browser, 1400, 900)
    page.goto(url)
    page.wait_for_selector(".efviz-chart[data-revision]", timeout=60_000)
    page.locator("[data-testid='stProgress']").first.wait_for(state="detached", timeout=60_000)
    page.wait_for_timeout(1000)
    page.screenshot(path=path)
    page.close()


def animation(browser: Browser, url: str, path: Path) -> None:
    """Frames at equal times of the page's own clock, which stands still in between."""
    page = new_page(browser, 1000, 700)
    page.goto(url)
    contrast = page.locator(".efviz-contrast")
    page.wait_for_selector(".efviz-contrast[data-share]", timeout=60_000)
    page.get_by_role("button", name="Pause").click()
    page.clock.install()
    page.get_by_role("button", name="Play").click()
    # To the end and over it: the next frames are the first ones.
    while contrast.get_attribute("data-share") != "1.000":
        page.clock.run_for(100)
    while contrast.get_attribute("data-share") == "1.000":
        page.clock.run_for(100)
    frames = []
    for _ in range(FRAMES):
        image = contrast.locator(".panels").screenshot()
        frames.append(Image.open(io.BytesIO(image)).convert("RGB"))
        page.clock.run_for(round(1000 * SECONDS / FRAMES))
    durations = [round(1000 * SECONDS / FRAMES)] * (FRAMES - 1) + [2500]
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=durations, loop=0, quality=55,
        method=6, minimize_size=True,
    )  # fmt: skip
    page.close()


if __name__ == "__main__":
    main()
