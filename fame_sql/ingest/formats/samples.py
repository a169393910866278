"""The samples of a format as its tests."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fame_sql.console import printable
from fame_sql.ingest.formats.definition import Format, Sample
from fame_sql.ingest.formats.hints import Hints

if TYPE_CHECKING:
    from fame_sql.warehouse.warehouse import Warehouse


def differences_of(warehouse: Warehouse, known: Format, own: tuple[Path, ...] = ()) -> list[str]:
    """Return what differs between the records of a format's samples and those it names.

    Parameters
    ----------
    warehouse : Warehouse
        What :func:`~fame_sql.ingest.trial.trial_warehouse` opens.
    known : Format
        The format.
    own : tuple of Path
        Files of the user's formats, which are known beside it.
    """
    differences = [] if known.samples else ["it has no samples"]
    for number, sample in enumerate(known.samples, 1):
        differences += [
            f"sample {number}: {said}" for said in _of_sample(warehouse, known, sample, own)
        ]
    return differences


def _of_sample(
    warehouse: Warehouse, known: Format, sample: Sample, own: tuple[Path, ...]
) -> list[str]:
    from fame_sql.ingest.reading import Reading
    from fame_sql.ingest.trial import try_file

    with tempfile.TemporaryDirectory(prefix="fame-") as folder:
        path = Path(folder) / "sample.log"
        path.write_text(sample.lines, encoding="utf-8")
        reading = Reading(year=sample.year, hints=Hints(format_files=own))
        trial = try_file(warehouse, path, reading, most=len(sample.records) + 1)
    if trial.report.format != known.name:
        return [f"it is read as {trial.report.format}, because {trial.report.reason}"]
    if len(trial.records) != len(sample.records):
        return [f"{len(trial.records)} records instead of {len(sample.records)}"]
    return [
        said
        for number, (found, wanted) in enumerate(zip(trial.records, sample.records, strict=True), 1)
        for said in _of_record(number, found, wanted)
    ]


def _of_record(number: int, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    return [
        f"record {number}: {column} is {printable(repr(value))} instead of {printable(repr(want))}"
        for column, want in wanted.items()
        if (value := _plain(column, found.get(column))) != want
    ]


def _plain(column: str, value: Any) -> Any:
    if column == "timestamp" and value is not None:
        return str(value)
    if column == "attributes" and value is not None:
        return json.loads(value)
    return value
