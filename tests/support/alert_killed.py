"""What sends alerts until none is left, to be killed at any time.

Arguments: the warehouse, the address of a receiver, how many incidents there are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from alert_scenarios import KEY, an_incident

from fame_sql.operations.alerts import run_pass
from fame_sql.operations.incidents import Change
from fame_sql.warehouse.warehouse import Warehouse

_AT = datetime(2025, 3, 2, 8)
SETTINGS = """
suppress = "0s"
limit = {messages = 1000000}
[retry]
within = "1s"
[channels.hook]
kind = "webhook"
url = "env:HOOK"
[channels.pd]
kind = "pagerduty"
routing_key = "env:PD_KEY"
url = "env:PD"
"""


class AFewAtATime:
    """Opens three incidents in each pass, and ends them once all beginnings were delivered.

    An incident that is over before anybody was told of it is not announced, which is no loss.
    """

    def __init__(self, count: int) -> None:
        opened = [
            Change(an_incident(f"I{n:04d}", _AT + timedelta(seconds=n)), "opened", _AT)
            for n in range(count)
        ]
        ended = [
            Change(an_incident(c.incident.incident_id, _AT, state="resolved"), "resolved", _AT)
            for c in opened
        ]
        self.all = [*opened, *ended]

    def update(self, warehouse: Warehouse, now: datetime) -> None:
        """Do nothing: the changes are known."""

    def changes(self, warehouse: Warehouse, after: int) -> list[tuple[int, Change]]:
        some = list(enumerate(self.all, 1))[after : after + 3]
        if warehouse.value("SELECT count(*) FROM fame.alert_deliveries WHERE state = 'pending'"):
            some = [(number, change) for number, change in some if change.transition == "opened"]
        return some

    def dismissed(self, warehouse: Warehouse) -> dict[str, str]:
        return {}


def main(path: Path, address: str, count: int) -> None:
    source = AFewAtATime(count)
    environment = {"HOOK": f"{address}/hook", "PD": f"{address}/pd", "PD_KEY": KEY}
    passes = 0
    while True:
        report = run_pass(path, lambda: Warehouse.open(path), source, environment=environment)
        passes = 0 if report.sent or report.failed or report.pending else passes + 1
        if passes > 1:
            return


def run(arguments: list[str]) -> None:
    """Run as a child of the harness of kills."""
    main(Path(arguments[0]), arguments[1], int(arguments[2]))
