"""Kill 'fame serve' at random under load: what was acknowledged, lost and stored twice.

python benchmarks/serve_kills.py --kills 500
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from serve_kills import run


def main() -> None:
    """Print what became of the records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    since = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Path(folder) / "killed.duckdb", given.kills, seed=given.seed)
    print(f"{outcome.kills} kills in {time.monotonic() - since:.0f} s")
    print(f"{outcome.acknowledged} records acknowledged, {outcome.lost} lost")
    print(f"{outcome.doubled} records doubled, {outcome.torn} requests torn")


if __name__ == "__main__":
    main()
