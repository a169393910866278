"""One judgement of whether a model still fits: fresh, ageing or stale, why, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from fame_sql import sql
from fame_sql.errors import WarehouseError
from fame_sql.warehouse.warehouse import Warehouse

Freshness = Literal["fresh", "ageing", "stale"]


@dataclass(frozen=True)
class Drift:
    """How far the recent lines are from those that the model was calibrated on.

    Parameters
    ----------
    freshness : {"fresh", "ageing", "stale"}
        The worst of all services.
    reason : str
        Why, in one sentence.
    command : str or None
        The command that mends it, None if nothing is to be mended.
    price : str or None
        What the command costs.
    services : list of dict
        The rows of ``fame.drift``, the worst first.
    templates : list of dict
        The rows of ``fame.template_drift``: templates that are new, gone, spiking or falling.
    """

    freshness: Freshness
    reason: str
    command: str | None
    price: str | None
    services: list[dict[str, Any]]
    templates: list[dict[str, Any]]


def read_drift(warehouse: Warehouse) -> Drift:
    """Compare the newest 10,000 lines after the training period with the calibration slice.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with a champion.

    Raises
    ------
    WarehouseError
        If no model is in force, so that nothing can have drifted.
    """
    if not warehouse.value("SELECT count(*) FROM fame.champion"):
        raise WarehouseError(
            f"{warehouse.path} has no model, so nothing can drift: run 'fame compile' first"
        )
    services = warehouse.records(sql.load("operations/drift/services"))
    templates = warehouse.records(sql.load("operations/drift/templates"))
    worst = services[0] if services else None
    freshness: Freshness = worst["freshness"] if worst else "fresh"
    command, price = (None, None) if freshness == "fresh" else _remedy(warehouse, services)
    return Drift(freshness, _reason(worst), command, price, services, templates)


def _reason(worst: dict[str, Any] | None) -> str:
    if worst is None or not worst["recent_lines"]:
        return "no line has come after the training period"
    name = worst["service_name"] or "the log"
    share = worst["unknown_share"]
    if share >= 0.05:
        return f"the model knows no template for {share:.0%} of the recent lines of {name}"
    if worst["freshness"] == "fresh":
        most = f"; {name} has the most unknown ones, {share:.1%}" if share else ""
        return f"the recent lines are known{most}"
    return (
        f"the scores of {name} are not those that the model was calibrated on (stability index "
        f"{worst['psi']:.2f})"
    )


def _remedy(warehouse: Warehouse, services: list[dict[str, Any]]) -> tuple[str, str]:
    """Return the command that mends it, and what it costs."""
    unscored = int(warehouse.value(sql.load("operations/drift/unscored")))
    if unscored:
        return "fame score", f"{unscored} events to score, no labels"
    templates = sum(row["unknown_templates"] for row in services)
    usd = warehouse.value(sql.load("operations/drift/price"))
    answers = f"{templates} answers about new templates by people"
    model = "" if usd is None else f", or about {templates * usd:.2f} USD with the language model"
    command = "fame queue review, then fame compile" if templates else "fame compile"
    return command, f"{answers if templates else 'no labels'}{model}, and one training"
