"""Draw docs/screenshot.svg: ``python docs/screenshot.py DEMO.duckdb``."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from click.testing import CliRunner
from rich.console import Console
from rich.text import Text

from fame_sql.cli import main

TARGET = Path(__file__).parent / "screenshot.svg"
QUERIES = (
    "SELECT domain, count(*) AS lines, max(score) AS worst\n"
    "  FROM anomalies GROUP BY domain ORDER BY lines DESC",
    "SELECT timestamp, fame_domain(body) AS domain, body FROM logs\n"
    "  WHERE fame_score(body) > 0.5 ORDER BY timestamp LIMIT 5",
)


def draw(warehouse: str) -> str:
    """Return the terminal with the queries and their results as SVG."""
    console = Console(record=True, width=116, file=io.StringIO())
    for statement in QUERIES:
        console.print(Text.assemble(("$ ", "green"), ("fame query ", "bold"), f'"{statement}"'))
        done = CliRunner().invoke(main, ["query", statement, "--warehouse", warehouse])
        console.print(Text(done.stdout))
    # Without the fonts that the drawing would load from another server.
    return re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="fame"), flags=re.DOTALL)


if __name__ == "__main__":
    TARGET.write_text(draw(sys.argv[1]), encoding="utf-8")
