"""Kill the process that sends alerts at random, and count what is lost and repeated.

python benchmarks/alert_kills.py --incidents 200 --kills 100
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from alert_kills import send_and_kill
from alert_servers import receivers

from fame_sql.warehouse.warehouse import Warehouse


def main() -> None:
    """Kill and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=200)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--delay", type=float, default=0.1, help="Seconds until an answer.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, receivers() as servers:
        path = Path(folder) / "alerts.duckdb"
        Warehouse.open(path, create=True).close()
        servers.delay = given.delay
        found = send_and_kill(path, servers, given.incidents, given.kills, given.seed)
    print(f"kills {found.kills}, messages {found.expected}, lost {found.expected - found.received}")
    print(f"repeats {found.repeats}, of one message at most {found.most_repeats}")


if __name__ == "__main__":
    main()
