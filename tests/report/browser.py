"""A real browser without a window: what it makes of a page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)


def browser() -> str:
    """Chromium, or a skip that says why."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    return found


def browsed(page: Path, *options: str) -> str:
    """What Chromium prints of the page, after its scripts had twenty seconds of their own time."""
    with tempfile.TemporaryDirectory() as folder:
        command = [browser(), *_QUIET, f"--user-data-dir={folder}", "--virtual-time-budget=20000"]
        done = subprocess.run(
            [*command, *options, page.as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            env={**os.environ, "HOME": folder},
        )
    return done.stdout


def dom(page: Path, *options: str) -> str:
    """The page's elements after it was loaded."""
    return browsed(page, "--dump-dom", *options)


def violations(page: Path, folder: Path, *options: str) -> list[dict[str, Any]]:
    """What axe-core, which a test puts into a copy of the page, finds wrong with it."""
    import axe_core_python

    script = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    html = page.read_text(encoding="utf-8")
    policy = html.index("<meta http-equiv")
    open_html = html[:policy] + html[html.index(">", policy) + 1 :]
    run = (
        "axe.run(document, {resultTypes: ['violations']}).then(found => {"
        "const pre = document.createElement('pre'); pre.id = 'axe-found';"
        "pre.textContent = JSON.stringify(found.violations); document.body.append(pre); })"
    )
    copy = folder / "with-axe.html"
    copy.write_text(
        open_html.replace("</body>", f"<script>{script}</script><script>{run}</script></body>"),
        encoding="utf-8",
    )
    found = dom(copy, *options).rpartition('<pre id="axe-found">')[2].partition("</pre>")[0]
    import html as entities

    told: list[dict[str, Any]] = json.loads(entities.unescape(found))
    return told
