"""A real browser for the tests of pages; where none is here they skip, and the line of the skip says so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
OUTSIDE = """return [...document.querySelectorAll('body *')].filter(e => {
    for (let p = e.parentElement; p; p = p.parentElement) if (getComputedStyle(p).overflowX != 'visible') return false;
    const r = e.getBoundingClientRect(); return r.width && (r.right > innerWidth + 1 || r.left < -1);
}).map(e => e.outerHTML.slice(0, 80))"""
"""Elements that stand outside of the window and of every box that scrolls."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window; what it says in its console can be asked for."""
    if not (CHROMIUM and DRIVER):
        pytest.skip("no chromium and chromedriver here: pages are not tried in a browser")
    webdriver = pytest.importorskip("selenium.webdriver", reason="no selenium: pages are not tried in a browser")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def look(browser: Any, path: Path, width: int, dark: bool) -> None:
    """Open a page in a window so wide, dark or light."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 1200, "deviceScaleFactor": 1, "mobile": False}
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    browser.get(path.as_uri())
