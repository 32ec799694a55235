"""A Chromium for the tests in a browser: `python -m tests.browser.chromium` installs one where there is none."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# The shell has no windows: a full Chromium draws its own buttons beside each page, which costs a third of a core.
SYSTEM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium-headless-shell", "fonts-liberation")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",  # the shell makes letters whole pixels wide, unlike what people use
]


def find() -> str | None:
    """Path of the system's Chromium, else of Playwright's own, else None."""
    for name in SYSTEM_NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def _is_debian() -> bool:
    """Ubuntu is not: its package called chromium only points to a snap, which containers can't install."""
    try:
        return platform.freedesktop_os_release()["ID"] == "debian"
    except OSError:  # not Linux
        return False


def install() -> None:
    """Install Debian's package where we may, else Playwright's own build. Raises CalledProcessError."""
    apt_get = ["apt-get"] if os.geteuid() == 0 else ["sudo", "--non-interactive", "apt-get"]
    if _is_debian() and subprocess.run([*apt_get, "update"], check=False).returncode == 0:
        subprocess.run([*apt_get, "install", "--yes", "--no-install-recommends", *PACKAGES], check=True)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def main() -> int:
    if find() is None:
        try:
            install()
        except subprocess.CalledProcessError as error:
            names = ", ".join(SYSTEM_NAMES)
            print(f"No Chromium could be installed ({error}). Put one of {names} on PATH.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
