from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from older_model import replace_champion

from fame_sql import models
from fame_sql.models.card.card import card
from fame_sql.models.card.facts import number
from fame_sql.models.card.markdown import inline, table
from fame_sql.students import StudentConfig
from fame_sql.students.calibration.held_out import HeldOutEvents
from fame_sql.training.false_alarm_target import set_target
from fame_sql.training.training import train_students
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

PARSER = MarkdownIt("commonmark").enable("table")
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?")
HEX = re.compile(r"\b[0-9a-f]{12}\b")

HOSTILE = [
    "a | b | c",
    "`rm -rf /`",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "https://evil.example www.evil.example a@evil.example",
    "new\nline\r\n\n# Heading\n\n- list",
    "\\| \\` \\\\|",
    "*bold* _em_ __strong__ ~~gone~~",
    "\x1b[2J\x00\x7f",
    "\u202egnp.exe\u200b\u2028\ufeff",
    "&lt;b&gt; &#60;i&#62; &amp;",
    "---\nlicense: mit\n---",
    "$x$ ^a^ {b} :smile: #1 @all",
    "</td></table>",
    "||||",
    "\\",
    "`",
    " ",
    "x" * 1000,
]


def visible(text: str, longest: int = 120) -> str:
    """What a reader is to see of hostile text."""
    shown = "".join(
        c if c == " " or c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )
    return " ".join((shown if len(shown) <= longest else shown[: longest - 1] + "…").split())


def tables(text: str) -> dict[str, list[list[str]]]:
    """Return the tables of a card's sections, row by row, the headings first."""
    found: dict[str, list[list[str]]] = {}
    section = ""
    tokens = PARSER.parse(text)
    for token, after in pairwise(tokens):
        if token.type == "heading_open":
            section = after.content
        elif token.type == "table_open":
            found[section] = []
        elif token.type == "tr_open":
            found[section].append([])
        elif token.type in ("th_open", "td_open"):
            found[section][-1].append(literal(after))
    return found


def literal(token: Token) -> str:
    """Return the text of a cell, which holds nothing but text."""
    children = token.children or []
    assert {child.type for child in children} <= {"text", "text_special"}, token.content
    return "".join(child.content for child in children)


def prose(text: str) -> Iterator[str]:
    """Yield the paragraphs of a card that are no table and no code."""
    inside = 0
    for token in PARSER.parse(text.split("---\n", 2)[2]):
        inside += (token.type == "table_open") - (token.type == "table_close")
        if token.type == "inline" and not inside:
            yield "".join(c.content for c in token.children or [] if c.type != "code_inline")


def figures_in(text: str) -> set[str]:
    """Return the figures of a card's prose, without versions, times and what is constant."""
    told = " ".join(prose(text)).replace("95 %", "")
    told = re.sub(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|fame-sql \d+\.\d+\.\d+|float32|Apache-2\.0", "", told
    )
    return set(NUMBER.findall(HEX.sub("", told)))


def judged(warehouse: Warehouse) -> dict[str, list[str]]:
    """Count the held-out figures again, by plain loops over the model's evidence."""
    student = models.load_champion(warehouse).student
    known, unseen = student.held_out.scores(student.calibration)
    parts = ((student.held_out.known, known), (student.held_out.unseen, unseen))
    columns = [counted(evidence, scores) for evidence, scores in parts]
    return {name: [column[name] for column in columns] for name in columns[0]}


def counted(evidence: HeldOutEvents, scores: np.ndarray) -> dict[str, str]:
    hits = misses = alarms = normal = 0.0
    for score, share, lines in zip(scores, evidence.anomalous, evidence.lines, strict=True):
        normal += lines * (1 - share)
        if score > 0.5:
            hits, alarms = hits + lines * share, alarms + lines * (1 - share)
        else:
            misses += lines * share
    templates = [
        {t for t, share in zip(evidence.template, evidence.anomalous, strict=True) if ok(share)}
        for ok in (lambda share: share < 1, lambda share: share > 0)
    ]
    anomalous = sum(share > 0 for share in evidence.anomalous)
    return {
        "events": number(len(scores)),
        "lines of these events": number(int(evidence.lines.sum())),
        "events with anomalous labels": number(int(anomalous)),
        "templates with normal lines": number(len(templates[0])),
        "templates with anomalous lines": number(len(templates[1])),
        "precision, by lines": ratio(hits, hits + alarms),
        "recall, by lines": ratio(hits, hits + misses),
        "F1, by lines": ratio(2 * hits, 2 * hits + alarms + misses),
        "false alarms per million normal lines": number(round(1e6 * alarms / normal, 6)),
    }


def ratio(part: float, whole: float) -> str:
    return number(round(float(part / whole), 6) if whole else None)


def check_card(warehouse: Warehouse) -> str:
    """Hold every figure of the champion's card against the warehouse; return the card."""
    record = models.champion(warehouse)
    text = (record.folder / "README.md").read_text(encoding="utf-8")
    student = models.load(record.folder).student
    found = tables(text)
    labels = warehouse.rows(
        "SELECT count(*), count(*) FILTER (WHERE is_anomaly) FROM fame.labels WHERE source = "
        "'dataset'"
    )[0]
    learned = found["Training data"]
    assert learned[1:] == [["the log's own label column", "", *map(number, labels)]]
    lines = dict(zip((d.name for d in student.domains), student.thresholds, strict=True))
    domains = warehouse.rows(
        "SELECT d.domain, d.kind, count(DISTINCT t.template_id), "
        "sum(l.normal_labels)::INT, sum(l.anomalous_labels)::INT "
        "FROM fame.domains d JOIN fame.domain_templates t USING (domain) "
        "LEFT JOIN fame.events e ON e.template_id = t.template_id "
        "LEFT JOIN fame.event_labels l ON l.event_id = e.event_id "
        "GROUP BY d.domain, d.kind, d.ordinal ORDER BY d.ordinal"
    )
    assert [[*row[:2], *row[3:7]] for row in found["Domains"][1:]] == [
        [name, kind, *map(number, counts), number(float(lines[name]))]
        for name, kind, *counts in domains
    ]
    held_out = {row[0]: row[1:] for row in found["Results on held-out labelled events"]}
    told = record.metrics
    assert held_out.items() >= judged(warehouse).items()
    parts = ("known", "unseen")
    for name, key in (
        ("average precision, by lines", "average_precision"),
        ("false alarms per million, upper end of the 95 % interval", "false_alarms_at_most"),
    ):
        assert held_out[name] == [number(told["held_out"][part][key]) for part in parts]
    errors = student.held_out.calibration_errors(student.calibration)
    assert held_out["expected calibration error"] == [number(errors[part]) for part in parts]
    masks = warehouse.rows("SELECT name, pattern, placeholder FROM fame.masks ORDER BY ordinal")
    assert [tuple(row) for row in found["Masks"][1:]] == masks
    settings = dict(found["Settings"][1:])
    assert settings == {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in student.config.settings().items()
    }
    check_sizes(record.folder, found["Size"])
    assert figures_in(text) == figures_of(warehouse, told, student.calibration)
    return text


def check_sizes(folder: Path, rows: list[list[str]]) -> None:
    sizes = {file.name: file.stat().st_size for file in folder.iterdir()}
    del sizes["README.md"], sizes["manifest.json"]
    wanted = {**sizes, "all": sum(sizes.values())}
    assert dict(rows[1:]) == {n: number(s) for n, s in wanted.items()}


def figures_of(warehouse: Warehouse, told: dict[str, Any], calibration: Any) -> set[str]:
    """Return the figures that the prose of a card may, and must, tell."""
    lines, fraction = warehouse.rows("SELECT lines, fraction FROM fame.splits")[0]
    events = "SELECT count(*) FROM fame.event_labels"
    templates = "SELECT count(*) FROM fame.domain_templates"
    scale = ("temperature", "known_threshold", "unseen_temperature", "unseen_threshold")
    held_out = told["held_out"]
    small = (held_out["known"]["anomalous_events"], held_out["unseen"]["anomalous_templates"])
    target = told["max_false_alarms"]
    return {
        *("0", "1", "0.5", str(models.FORMAT)),
        number(lines),
        number(100 * fraction),
        number(warehouse.value(events)),
        number(warehouse.value(f"{events} WHERE anomalous_labels > 0")),
        number(warehouse.value(templates)),
        *([number(most)] if (most := told["config"].get("max_tokens")) else []),
        *(number(getattr(calibration, name)).lstrip("-") for name in scale),
        *(number(count) for count in small if count < 30),
        *([] if target is None else [number(target)]),
    }


def relabel(warehouse: Warehouse) -> None:
    """Change the labels of one template, so that its domain has to be retrained."""
    warehouse.connection.execute(
        "UPDATE fame.labels SET is_anomaly = NOT is_anomaly WHERE template_id = "
        "(SELECT min(template_id) FROM fame.labels WHERE is_anomaly)"
    )


# ---- figures


def test_every_figure_of_a_card_is_that_of_the_run(opened: Warehouse) -> None:
    text = check_card(opened)
    version = models.champion(opened).model_version
    assert f"# Model {version}\n" in text
    first, last = opened.rows(
        "SELECT min(log_time), any_value(until_time) FROM fame.log_periods, fame.splits "
        "WHERE period <> 'later'"
    )[0]
    assert f"from {str(first)[:19]} to {str(last)[:19]} UTC" in text
    assert "All of its parts were trained together." in text
    assert "Target: none." in text
    assert "A small sample: the results on known templates" in text


def test_no_figure_is_stale_after_a_change_of_target(opened: Warehouse) -> None:
    before = check_card(opened)
    assert set_target(opened, 1000) is not None
    aimed = check_card(opened)
    assert "Target: at most 1,000 false alarms per million lines." in aimed
    assert tables(aimed)["Domains"] == tables(before)["Domains"]
    section = "Results on held-out labelled events"
    assert tables(aimed)[section] != tables(before)[section]
    assert set_target(opened, None) is not None
    assert check_card(opened) == before


@pytest.mark.slow
def test_a_card_names_the_parent_of_its_results(opened: Warehouse, tiny: StudentConfig) -> None:
    first = models.champion(opened).model_version
    assert "are those of model" not in check_card(opened)
    for _ in range(2):
        parent = models.champion(opened).model_version
        relabel(opened)
        report = train_students(opened, config=tiny)
        assert report.plan is not None
        assert report.plan.parent == parent
        text = check_card(opened)
        # The held-out events are those of the first model, however often domains are retrained.
        assert f"**The results on known templates are those of model {first}**" in (text)
        assert f"Derived from model {parent}" in text
        for name in report.plan.retrained:
            assert name in text.split("Retrained domains: ")[1].split(" Unchanged ")[0]


@pytest.mark.slow
def test_a_model_made_from_one_of_an_older_release_has_a_whole_card(
    opened_with_encoder: Warehouse, tiny_encoder: StudentConfig
) -> None:
    opened = opened_with_encoder
    older = replace_champion(opened)
    relabel(opened)
    report = train_students(opened, config=tiny_encoder)
    assert report.plan is not None
    assert report.plan.parent == older
    assert f"are those of model {older}**" in check_card(opened)


@pytest.mark.slow
def test_a_converted_model_has_a_card_of_its_own(opened_with_encoder: Warehouse) -> None:
    opened = opened_with_encoder
    pytest.importorskip("onnxruntime")
    from fame_sql.students.runtime import Runtime
    from fame_sql.training.conversion import convert

    before = models.champion(opened).model_version
    convert(opened, before, Runtime("onnx"), promote=True)
    text = check_card(opened)
    assert "It runs on onnx in float32." in text
    assert models.load_champion(opened).version != before


def test_metrics_in_the_folder_are_those_of_the_warehouse_but_for_the_run(
    opened: Warehouse,
) -> None:
    record = models.champion(opened)
    inside = models.read_metrics(record.folder)
    outside = json.loads(json.dumps(record.metrics))
    assert outside["training"].pop("seconds") > 0
    assert outside["training"].pop("why")
    assert inside == outside


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "told"), [("llm", "a language model"), ("rule", "a severity rule")]
)
def test_a_card_names_the_sources_of_the_labels(
    opened: Warehouse, tiny: StudentConfig, source: str, told: str
) -> None:
    opened.connection.execute("UPDATE fame.labels SET source = ?, author = 'a|b<i>'", [source])
    train_students(opened, config=replace(tiny, seed=1))
    text = (models.champion(opened).folder / "README.md").read_text()
    assert tables(text)["Training data"][1][:2] == [told, "a|b<i>"]
    assert f"Labels by {told}" in text


# ---- hostile text


@pytest.fixture(scope="module")
def hostile(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder whose domains, masks and settings have hostile names."""
    with Warehouse.open(compiled, read_only=True) as warehouse:
        source = models.champion(warehouse).folder
    folder = shutil.copytree(source, tmp_path_factory.mktemp("hostile") / "made")
    model = json.loads((folder / "model.json").read_text())
    kept = model["domains"][0]
    model["domains"] = [{**kept, "name": n, "description": n, "kind": n} for n in HOSTILE]
    model["recipe"]["masks"] = [{"name": n, "pattern": n, "placeholder": n} for n in HOSTILE]
    (folder / "model.json").write_text(json.dumps(model))
    student = json.loads((folder / "student.json").read_text())
    student["calibration"]["thresholds"] = [0.5] * len(HOSTILE)
    (folder / "student.json").write_text(json.dumps(student))
    metrics = json.loads((folder / "metrics.json").read_text())
    label = metrics["labels"][0]
    metrics["labels"] = [{**label, "author": n, "source": n} for n in HOSTILE]
    metrics["training"] |= {"retrained": HOSTILE, "kept": HOSTILE}
    metrics["known_held_out_of"] = "|".join(HOSTILE)
    metrics["config"]["router"] = "\n".join(HOSTILE)
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / "README.md").unlink()
    return folder


def test_hostile_names_do_not_leave_their_cells(hostile: Path) -> None:
    text = card(hostile, "0" * 12, "1" * 12)
    found = tables(text)
    assert list(found) == [
        "Training data",
        "Domains",
        "Results on held-out labelled events",
        "Masks",
        "Settings",
        "Size",
    ]
    wanted = [visible(name) for name in HOSTILE]
    domains = found["Domains"][1:]
    assert [row[0] for row in domains] == [row[1] for row in domains] == wanted
    assert [row[-1] for row in domains] == wanted
    assert {len(row) for row in domains} == {8}
    assert [row[1] for row in found["Training data"][1:]] == wanted
    assert [row[0] for row in found["Masks"][1:]] == [visible(n, 500) for n in HOSTILE]
    kinds = {token.type for token in PARSER.parse(text)}
    assert not {"html_block", "blockquote_open", "code_block"} & kinds
    within = {c.type for t in PARSER.parse(text) if t.type == "inline" for c in t.children or []}
    assert within <= {
        *("text", "text_special", "softbreak", "code_inline", "strong_open", "strong_close"),
    }
    assert text.isprintable() or set(text) - {"\n"} == {c for c in text if c.isprintable()}


def test_a_header_is_fixed_and_nothing_in_it_is_from_the_log(hostile: Path) -> None:
    text = card(hostile, "0" * 12, None)
    assert text.split("---\n")[1] == (
        "library_name: fame-sql\nlicense: other\ntags: [logs, anomaly-detection]\n"
    )


@given(st.text(max_size=60))
@example("\\|")
@example("a_b _c_ www.x")
def test_any_text_is_shown_as_it_is_and_nothing_more(text: str) -> None:
    rows = tables("\n".join(["# t", "", *table(("a", "b"), [(inline(text), "next")])]))["t"]
    assert rows == [["a", "b"], [visible(text), "next"]]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "unknown"),
        (0, "0"),
        (0.0, "0"),
        (1234567, "1,234,567"),
        (0.25, "0.25"),
        (1 / 3, "0.3333"),
        (99.99999, "100"),
        (12345.678, "12,346"),
        (-0.5, "-0.5"),
        (10.0, "10"),
    ],
)
def test_figures(value: float | None, shown: str) -> None:
    assert number(value) == shown
