"""Take all pictures of docs/how-to/pictures again: ``python docs/pictures.py DEMO.duckdb``.

The warehouse is one that ``fame demo`` and ``fame incidents update`` have made. It needs Chromium.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

from click.testing import CliRunner

import fame_sql
from fame_sql.cli import main
from fame_sql.forensics import drawing
from fame_sql.forensics.charts import heat_map

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.support.browser import Browser, browser  # noqa: E402

TARGET = ROOT / "docs" / "how-to" / "pictures"
DAY = ("--since", "2025-03-11", "--until", "2025-03-12")
VIEWS = {
    "report": {"width": 1280, "height": 1000},
    "report-dark": {"width": 1280, "height": 1000, "dark": True},
    "report-phone": {"width": 390, "height": 844},
}


def take(warehouse: Path) -> None:
    """Draw a report and a chart, and take pictures of them."""
    with tempfile.TemporaryDirectory() as name, browser(Path(name) / "profile") as shown:
        page = Path(name) / "report.html"
        words = ["report", *DAY, "--out", str(page), "--warehouse", str(warehouse)]
        done = CliRunner().invoke(main, words)
        if done.exit_code:
            raise SystemExit(done.output)
        for picture, view in VIEWS.items():
            shown.open(page, **view)  # type: ignore[arg-type]
            _write(shown, picture)
        page.write_text(drawing.html(_heat_map(warehouse)), encoding="utf-8")
        shown.open(page, width=1010, height=680)
        _write(shown, "heat-map")


def _heat_map(warehouse: Path) -> object:
    with fame_sql.connect(warehouse, read_only=True) as connection:
        counted = connection.sql("FROM fame.template_counts(INTERVAL 3 HOUR)")
        return heat_map.chart(counted, width=620, bucket="3 hours")


def _write(shown: Browser, name: str) -> None:
    """Write what the window shows."""
    data = shown.call("Page.captureScreenshot", format="webp", quality=80)
    (TARGET / f"{name}.webp").write_bytes(base64.b64decode(data["data"]))


if __name__ == "__main__":
    take(Path(sys.argv[1]))
