"""A browser for the tests: an installed Chromium or Chrome, else Debian's package, else Playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def installed() -> str | None:
    """The path of a browser on this machine; RYGRAAD_TEST_BROWSER names another."""
    named = os.environ.get("RYGRAAD_TEST_BROWSER")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def playwrights_own() -> str | None:
    """The path of the browser Playwright keeps, if it was downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def from_debian() -> None:
    """Installs Debian's package where that is possible: as root, or as whoever may use sudo unasked."""
    if not shutil.which("apt-get"):
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and not shutil.which("sudo"):
        return
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([*prefix, *command], env=environment, capture_output=True, check=False)


def provide() -> str:
    """The path of a browser, installed if need be. Raises SystemExit with what to do."""
    if path := installed() or playwrights_own():
        return path
    sys.stdout.write("Installing a browser for the tests …\n")
    from_debian()
    if path := installed():
        return path
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], capture_output=True, check=False)
    if path := playwrights_own():
        return path
    raise SystemExit("No browser for the tests: install Chromium or Chrome, or set RYGRAAD_TEST_BROWSER to one.")


if __name__ == "__main__":
    provide()
