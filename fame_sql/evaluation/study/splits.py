"""Splits without leaks: by time, and by whole templates.

A split names the lines that a trial may know and those it is judged on. A trial runs in a separate
warehouse that holds only the known lines, so that no event, template or label of the test lines
can reach it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.templates.mining import mine_texts
from fame_sql.verdict.label_words import NORMAL_IN_LOGS
from fame_sql.warehouse.warehouse import Warehouse

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LabelledLines:
    """The labelled lines of a warehouse in time order, as columns of equal length.

    Parameters
    ----------
    log_id, event_id : int64 array
        The line, and its event.
    canonical : dict of int to str
        Canonical text of each event.
    is_anomaly : bool array
        The label.
    severity : int64 array
        Severity number of OpenTelemetry, 0 where the line has none.
    category : object array
        Alert category of anomalous lines, None of normal ones.
    content : uint64 array
        A digest of each line: text, time, service, host, severity and label.
    """

    log_id: Indices
    event_id: Indices
    canonical: dict[int, str]
    is_anomaly: npt.NDArray[np.bool_]
    severity: Indices
    category: npt.NDArray[np.object_]
    content: npt.NDArray[np.uint64]

    @cached_property
    def digest(self) -> str:
        """A digest of all lines, in order."""
        total = hashlib.sha256()
        for column in (self.log_id, self.event_id, self.is_anomaly, self.severity, self.content):
            total.update(column.tobytes())
        return total.hexdigest()

    def __len__(self) -> int:
        return len(self.log_id)


@dataclass(frozen=True)
class Split:
    """Which lines a trial may know and which it is judged on, as indices in time order.

    Parameters
    ----------
    protocol : str
        ``"time"`` or ``"templates"``.
    name : str
        Such as ``"60%"`` or ``"fold 2"``.
    known, judged : int64 array
        Indices into the labelled lines, without overlap.
    """

    protocol: str
    name: str
    known: Indices
    judged: Indices


def read_lines(warehouse: Warehouse) -> LabelledLines:
    """Return the labelled lines of a warehouse in time order.

    Raises
    ------
    InputError
        If there are fewer than ten, or none is normal. If none is anomalous, only false alarms
        can be measured.
    """
    table: pa.Table = warehouse.connection.sql(
        sql.load("evaluation/labelled_lines"), params={"normal": list(NORMAL_IN_LOGS)}
    ).to_arrow_table()
    is_anomaly = table["is_anomaly"].to_numpy(zero_copy_only=False).astype(bool)
    if len(table) < 10 or is_anomaly.all():
        raise InputError(
            f"{len(table)} labelled lines, {int(is_anomaly.sum())} anomalous: an evaluation needs "
            "at least ten labelled lines and a normal one, and anomalous lines to measure more "
            "than false alarms; ingest logs with a label column"
        )
    event_id = table["event_id"].to_numpy().astype(np.int64)
    return LabelledLines(
        log_id=table["log_id"].to_numpy().astype(np.int64),
        event_id=event_id,
        canonical=dict(zip(event_id.tolist(), table["canonical"].to_pylist(), strict=True)),
        is_anomaly=is_anomaly,
        severity=table["severity"].to_numpy().astype(np.int64),
        category=np.array(table["category"].to_pylist(), dtype=object),
        content=table["content"].to_numpy().astype(np.uint64),
    )


def cut_name(cut: float) -> str:
    """Return the name of a cut with all its digits: 49.9% and 50.1% are not 50%."""
    return f"{cut * 100:.12g}%"


def check_cuts(cuts: Sequence[float]) -> None:
    """Check that cuts are shares, and that each is given once.

    Raises
    ------
    InputError
        If a cut is not between 0 and 1, or two are the same.
    """
    names = [cut_name(cut) for cut in cuts]
    for number, cut in enumerate(cuts):
        if not 0 < cut < 1:
            raise InputError(f"a cut must be between 0 and 1, not {cut}: try 0.5,0.8")
        if names[number] in names[:number]:
            raise InputError(f"the cut {cut} is given twice: give each cut once")


def by_time(lines: LabelledLines, cuts: Sequence[float]) -> Iterator[Split]:
    """Yield a split per cut: the earliest share of the lines is known, the rest is judged.

    Raises
    ------
    InputError
        If a cut is not between 0 and 1, or two are the same.
    """
    check_cuts(cuts)
    for cut in cuts:
        last = max(1, int(len(lines) * cut))
        order = np.arange(len(lines))
        yield Split("time", cut_name(cut), order[:last], order[last:])


def by_templates(lines: LabelledLines, folds: int, seed: int) -> Iterator[Split]:
    """Yield a split per fold: the lines of whole templates are judged, the others are known.

    The templates are those of the whole log. They are assigned to the folds in random order,
    normal templates separately from anomalous and mixed ones, so that both are spread evenly.

    Raises
    ------
    InputError
        If there are fewer than two folds.
    """
    if folds < 2:
        raise InputError(f"leaving templates out needs at least 2 folds, not {folds}")
    fold_of_event = _assign_folds(lines, folds, seed)
    folds_of_lines = np.array([fold_of_event[event] for event in lines.event_id.tolist()])
    for fold in range(folds):
        judged = folds_of_lines == fold
        if judged.any() and not judged.all():
            yield Split(
                "templates", f"fold {fold + 1}", np.flatnonzero(~judged), np.flatnonzero(judged)
            )


def _assign_folds(lines: LabelledLines, folds: int, seed: int) -> dict[int, int]:
    """Return the fold of each event: that of its template."""
    from fame_sql.templates.templates import TemplateSet

    events = list(dict.fromkeys(lines.event_id.tolist()))
    known = TemplateSet(tuple(mine_texts(lines.canonical[event] for event in events)))
    template = {event: known.match(lines.canonical[event]) for event in events}
    alerts = set(lines.event_id[lines.is_anomaly].tolist())
    anomalous = {template[event] for event in alerts}
    shuffled = np.random.default_rng(seed).permutation(len(known.templates))
    fold_of_template: dict[object, int] = {}
    for is_anomalous in (True, False):
        group = [
            known.templates[i]
            for i in shuffled
            if (known.templates[i] in anomalous) == is_anomalous
        ]
        fold_of_template |= {name: number % folds for number, name in enumerate(group)}
    return {event: fold_of_template[template[event]] for event in events}
