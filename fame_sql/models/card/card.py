"""The model card: a description of a model in Markdown, generated from its folder alone.

Every number in it comes from ``metrics.json``, ``model.json`` or ``student.json`` in the same
folder. The card is generated again whenever one of these changes, so it is always correct. Facts
that an older fame-sql did not record are left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fame_sql import __version__
from fame_sql.files import parse_json
from fame_sql.models.card.facts import Facts, number
from fame_sql.models.card.markdown import inline, table
from fame_sql.models.card.performance import held_out, limits, thresholds
from fame_sql.models.explanation import FILE as EXAMPLES
from fame_sql.models.manifest import METRICS, MODEL

STUDENT = "student.json"

LONGEST_PATTERN = 500
"""Maximum number of characters of a mask's pattern."""

_JUDGED_BY = {
    "normal": ("the words head of unseen templates", "the shared head and the lexical head"),
    "anomalous": ("routing alone: every message is anomalous",) * 2,
    "mixed": ("its words head", "its expert and the lexical head"),
}
"""By the kind of a domain: in students that read words alone, and in those with an encoder."""
_WHERE_WORDS_ARE = (
    "Templates and the tables of words",
    "Templates, the tokenizer and the lexical head",
)
_DOMAIN_COLUMNS = (
    "domain",
    "kind",
    "judged by",
    "templates",
    "normal labels",
    "anomalous labels",
    "threshold",
    "description",
)
_SOURCES = {
    "human": "a person",
    "dataset": "the log's own label column",
    "llm": "a language model",
    "rule": "a severity rule",
}
_HEADER = """---
library_name: fame-sql
license: other
tags: [logs, anomaly-detection]
---
"""


def card(folder: Path, version: str, parent: str | None) -> str:
    """Return the card of the model in a folder.

    Parameters
    ----------
    folder : Path
        A model folder with every file except the card and the manifest.
    version : str
        The model's version.
    parent : str or None
        The model from which it was partly trained.
    """
    facts = Facts(
        folder,
        version,
        parent,
        model=_read(folder / MODEL),
        student=_read(folder / STUDENT),
        metrics=_read(folder / METRICS),
    )
    parts = (_title, _training_data, _domains, held_out, thresholds, limits, _masks, _settings)
    rest = (_size, _contents, _use, _lineage, _rights)
    lines = [line for part in (*parts, *rest) for line in part(facts)]
    return _HEADER + "\n".join(lines).rstrip() + "\n"


def _read(path: Path) -> dict[str, Any]:
    return dict(parse_json(path.read_text("utf-8")))


def _title(facts: Facts) -> Iterator[str]:
    yield f"# Model {facts.version}"
    yield ""
    yield (
        "For each log message the model gives a score from 0 to 1 (anomalous above 0.5 in every "
        "domain), the failure domain, and whether a known template matches. Written by "
        f"fame-sql {__version__}, model format {facts.model['format']}."
    )
    yield ""


def _training_data(facts: Facts) -> Iterator[str]:
    metrics, split = facts.metrics, facts.metrics.get("split") or {}
    yield "## Training data"
    yield ""
    if split:
        begin = f"from {split['from_time'][:19]} " if split.get("from_time") else ""
        yield (
            f"- The earliest {number(split['lines'])} lines, {begin}to "
            f"{split['until_time'][:19]} UTC: {number(100 * split['fraction'])} % of the log at "
            "that time."
        )
    if "labelled_events" in metrics:
        yield (
            f"- {number(metrics['labelled_events'])} labelled events (distinct canonical texts), "
            f"{number(metrics['anomalous_events'])} of them with anomalous labels."
        )
    yield f"- {number(len(facts.model['templates']))} known templates."
    yield ""
    if "labels" in metrics:
        yield from table(("labelled by", "name", "lines", "anomalous"), _labels(metrics["labels"]))


def _labels(labels: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    for given in labels:
        yield (
            _SOURCES.get(given["source"], inline(given["source"])),
            inline(given["author"] or ""),
            number(given["lines"]),
            number(given["anomalous"]),
        )


def _domains(facts: Facts) -> Iterator[str]:
    templates = Counter(facts.model["domain_of_template"].values())
    thresholds = facts.student["calibration"]["thresholds"]
    yield "## Domains"
    yield ""
    yield from table(
        _DOMAIN_COLUMNS,
        (
            (
                inline(domain["name"]),
                inline(domain["kind"]),
                _JUDGED_BY.get(domain["kind"], ("", ""))[facts.has_encoder],
                number(templates[index]),
                number(domain.get("normal_labels")),
                number(domain.get("anomalous_labels")),
                number(thresholds[index]),
                inline(domain.get("description", "")),
            )
            for index, domain in enumerate(facts.model["domains"])
        ),
    )


def _masks(facts: Facts) -> Iterator[str]:
    yield "## Masks"
    yield ""
    yield "Applied in this order to each message; a warehouse with other masks is refused."
    yield ""
    masks = facts.model["recipe"]["masks"]
    columns = ("name", "pattern", "placeholder")
    rows = ([inline(mask[name], LONGEST_PATTERN) for name in columns] for mask in masks)
    yield from table(("mask", "pattern", "becomes"), rows)


def _settings(facts: Facts) -> Iterator[str]:
    yield "## Settings"
    yield ""
    rows = ((inline(name), inline(_shown(value))) for name, value in sorted(facts.config.items()))
    yield from table(("setting", "value"), rows)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _size(facts: Facts) -> Iterator[str]:
    files = sorted(path for path in facts.folder.rglob("*") if path.is_file())
    sizes = {path.relative_to(facts.folder).as_posix(): path.stat().st_size for path in files}
    yield "## Size"
    yield ""
    rows = [(inline(name), number(size)) for name, size in sizes.items()]
    yield from table(("file", "bytes"), [*rows, ("all", number(sum(sizes.values())))])


def _contents(facts: Facts) -> Iterator[str]:
    yield "## Log content in the folder"
    yield ""
    yield (
        f"{_WHERE_WORDS_ARE[facts.has_encoder]} contain words and texts of the log, masked but "
        "not redacted. Domains contain their names and descriptions."
    )
    if (facts.folder / EXAMPLES).exists():
        yield (
            f"`{EXAMPLES}` contains the canonical text of every labelled event: use "
            "`fame models export --no-examples` to share the model without it."
        )
    else:
        yield "The labelled events were left out, so explanations have no nearest example."
    yield ""


def _use(facts: Facts) -> Iterator[str]:
    yield "## How to load it"
    yield ""
    yield "```python"
    yield "import duckdb, fame_sql"
    yield ""
    yield "connection = duckdb.connect()"
    yield 'fame_sql.register(connection, model="THIS FOLDER")'
    yield "connection.sql(\"SELECT fame_score('disk full on /var')\")"
    yield "```"
    yield ""
    if runtime := facts.metrics.get("runtime"):
        yield f"It runs on {inline(' in '.join(map(str, runtime.values())))}."
    yield "Every file is checked against `manifest.json` first. The folder contains no code."
    yield ""


def _lineage(facts: Facts) -> Iterator[str]:
    training = facts.metrics.get("training") or {}
    yield "## Lineage"
    yield ""
    if facts.parent is None:
        yield "All of its parts were trained together."
    else:
        trained = ", ".join(map(inline, training.get("retrained", ()))) or "none"
        kept = ", ".join(map(inline, training.get("kept", ()))) or "none"
        yield (
            f"Derived from model {facts.parent}"
            f"{', with the same encoder' if facts.has_encoder else ''}. Retrained domains: "
            f"{trained}. Unchanged domains: {kept}."
        )
    yield ""


def _rights(facts: Facts) -> Iterator[str]:
    yield "## Intended use and licence"
    yield ""
    yield (
        "For finding lines that a person should look at, in logs similar to the training data. "
        "Not for judging people, and not as the only safeguard of a system."
    )
    yield (
        "fame-sql is licensed under Apache-2.0. The model has no licence of its own: it is derived "
        "from the log and the labels, and belongs to their owners."
    )
    if facts.config.get("router"):
        yield (
            f"It contains weights of the pretrained encoder {inline(facts.config['router'])}, to "
            "which that encoder's licence applies."
        )
