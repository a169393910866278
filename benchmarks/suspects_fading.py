"""How the prior of 'fame look' fades as labels arrive, on a log with a label column.

For each cut in time, templates are mined and labelled before it, and the lines after it are ranked
as 'fame look' ranks them: with the prior as it is, fading by the labels of each phrase and level,
and faster or slower. Prints average precision over the later lines of unseen templates.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from suspects import average, define

from fame_sql.ingest import ingest_file
from fame_sql.labels import label_from_column
from fame_sql.templates.mining import mine
from fame_sql.warehouse.warehouse import Warehouse

CUTS = (0.5, 0.6, 0.7, 0.8)
TRUST = "(sum(labelled.share) + {0}) / (count(*) + {0})"
PRIORS = {
    "not fading": None,
    "1 label": 1,
    "2 labels (as it is)": 2,
    "5 labels": 5,
    "20 labels": 20,
}
BUDGETS = (1, 5, 20)


def main() -> None:
    """Print a row for each number of labels and each prior."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path, help="a labelled log, such as BGL_2k.log")
    parser.add_argument("--format", default="auto")
    given = parser.parse_args()
    print("| K | prior | " + " | ".join(f"{cut:.0%}" for cut in CUTS) + " | mean |")
    print("|" + "---|" * (len(CUTS) + 3))
    for budget in BUDGETS:
        found = [_measure(given.log, given.format, cut, budget) for cut in CUTS]
        for name in PRIORS:
            values = [figures[name] for figures in found]
            cells = " | ".join(f"{value:.3f}" for value in (*values, np.mean(values)))
            print(f"| {budget} | {name} | {cells} |")


def _measure(log: Path, format_: str, cut: float, budget: int) -> dict[str, float]:
    """Return average precision for each prior."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Warehouse.open(Path(folder) / "cut.duckdb", create=True) as warehouse,
    ):
        ingest_file(warehouse, log, format=format_)
        mine(warehouse, fraction=cut)
        label_from_column(warehouse, per_template=budget)
        return {name: _precision(warehouse, prior) for name, prior in PRIORS.items()}


def _precision(warehouse: Warehouse, prior: int | None) -> float:
    weight = "1.0" if prior is None else TRUST.format(prior)
    define(warehouse, [(TRUST.format(2), weight)])
    return average(
        warehouse.rows(
            "SELECT suspicion, periods.label <> '-', 1 FROM fame.suspects "
            "INNER JOIN fame.suspect_lines AS lines USING (suspect_id) "
            "INNER JOIN fame.log_periods AS periods USING (log_id) "
            "WHERE periods.period = 'later' AND fame.suspects.template_id IS NULL"
        )
    )


if __name__ == "__main__":
    main()
