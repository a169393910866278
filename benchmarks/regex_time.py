"""Time of everything that reads text, on runs of one kind of character, by length.

python benchmarks/regex_time.py --longest 7
python benchmarks/regex_time.py --readers redaction printing

Linear time means that ten times the text takes about ten times as long.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from fame_sql.canonical import default_recipe
from fame_sql.canonical.provisional import provisional_template
from fame_sql.console import printable
from fame_sql.ingest import ingest_file
from fame_sql.llm.lenient import values_in
from fame_sql.llm.redaction import Redactor
from fame_sql.warehouse.warehouse import Warehouse

RUNS = {
    "letters": "a",
    "capitals": "A",
    "digits": "7",
    "dots": ".",
    "slashes": "/",
    "colons": ":",
    "blanks": " ",
    "dashes": "-",
    "equals": "=",
    "quotes": '"',
    "opening angles": "<",
    "at signs": "@",
    "letter, dot": "a.",
    "letter, slash": "a/",
    "digit, dot": "1.",
    "digit, colon": "1:",
    "letter, equals": "a=",
    "hexadecimal": "0f",
    "braces": "{",
    "brace pairs": "} {",
    "thoughts": "<think>",
    "events": "<Event ",
    "escapes": "\\",
    "line ends": "\r",
}
_LEAST = 0.3
"""Shorter times, in seconds, say nothing of how time grows."""

_MOST_GROWTH = 1.35


@contextmanager
def paths() -> Iterator[dict[str, Callable[[str], object]]]:
    """Yield what reads a text, by name."""
    recipe, redactor = default_recipe(), Redactor()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "x.log"
        with Warehouse.open(Path(folder) / "w.duckdb", create=True) as warehouse:

            def ingest(text: str) -> object:
                log.write_text(f"2025-01-01 00:00:00 ERROR {text}\n{text}\n", encoding="utf-8")
                return ingest_file(warehouse, log)

            def sql(text: str) -> object:
                statement = "SELECT fame.canonical(?), fame.provisional_template(?)"
                return warehouse.connection.execute(statement, [text, text]).fetchall()

            yield {
                "Python": lambda text: provisional_template(recipe.text(text)),
                "Arrow": lambda text: recipe.arrow(pa.array([text])),
                "SQL": sql,
                "redaction": redactor.text,
                "answers of a model": lambda text: list(values_in(text)),
                "printing": printable,
                "ingest": ingest,
            }


def seconds(read: Callable[[str], object], text: str) -> float:
    """Return the processor time that reading a text takes, on a machine that others use too."""
    began = time.process_time()
    read(text)
    return time.process_time() - began


def main() -> None:
    """Measure, print a table, and fail if anything grows faster than its text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--longest", type=int, default=7, help="Of 10 to the power of this.")
    parser.add_argument("--patience", type=float, default=600.0, help="Seconds for one text.")
    parser.add_argument("--readers", nargs="+", metavar="NAME", help="Measure these alone.")
    given = parser.parse_args()
    powers, bad = range(3, given.longest + 1), []
    print(f"{'':<38}" + "".join(f"{f'1e{power} s':>10}" for power in powers))
    with paths() as readers:
        for path in given.readers or readers:
            read = readers[path]
            for name, piece in RUNS.items():
                times: list[float] = []
                for power in powers:
                    if times and times[-1] * 10 > given.patience:
                        break
                    times.append(seconds(read, (piece * 10**power)[: 10**power]))
                print(f"{path + ': ' + name:<38}" + "".join(f"{t:>10.4f}" for t in times))
                if len(times) < len(powers) or grows(times) > _MOST_GROWTH:
                    bad.append(f"{path}: {name}")
    print("faster than linear:", ", ".join(bad) or "none")
    sys.exit(1 if bad else 0)


def grows(times: list[float]) -> float:
    """Return by which power of its length the time of a text grows at the end."""
    last, before = times[-1], max(times[-2], 1e-3)
    return math.log10(last / before) if last > _LEAST else 0.0


if __name__ == "__main__":
    main()
