"""Attacks on a compiled warehouse: damaged bytes, hostile texts, folders and files of others."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from click.testing import CliRunner
from kills import Tried
from warehouse_copy import copied_to

from fame_sql.cli import main
from fame_sql.errors import FameError
from fame_sql.models import load, manifest
from fame_sql.warehouse.warehouse import Warehouse

RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What no terminal may receive from a log."""

_LABEL = r'[a-z_]+="(?:[^"\\\n]|\\[\\n"])*"'
_METRIC = re.compile(
    rf"# (?:TYPE|HELP|UNIT) [a-z_]+ .+|[a-z_]+(?:{{{_LABEL}(?:,{_LABEL})*}})? [-+.0-9A-Za-z]+"
)
"""A line of metrics, whose labels may hold any text."""

_ALERTS = """
group_by = ["service"]
[channels.chat]
kind = "slack"
url = "env:CHAT"
[channels.pager]
kind = "pagerduty"
routing_key = "env:PAGER"
[channels.hook]
kind = "webhook"
url = "env:HOOK"
"""

HOSTILE_TEXTS = (
    "title \x1b]0;PWNED\x07 of the window",
    "clear \x1b[2J\x1b[H the screen",
    "eight bit \x9b2J control",
    "right \u202egnp.exe\u202c to left",
    "isolate \u2066hidden\u2069 text",
    "over\rwritten line",
    "<script>alert(1)</script> in a page",
    "<img src=x onerror=alert(1)> in a page",
    "=cmd|' /C calc'!A0 in a sheet",
    "+1+1 in a sheet",
    "@SUM(1) in a sheet",
    "'; DROP TABLE fame.logs; --",
    '" OR ""="',
    "$$ quoted $$ and $1 and ${HOME} and $(id) and `id`",
    "{{ 7 * 7 }} {% raw %} {body} %s %n %d",
    "| a | cell | of markdown [x](javascript:alert(1))",
    "--- !!python/object/apply:os.system ['id']",
    "*alias &anchor : [yaml, {flow: 1}",
    "DATA abc ENDS",
    "../../../../etc/passwd and C:\\windows\\..\\x",
    "null \x00 byte and delete \x7f",
    "\ufeffmark and \u2028 separator \u0085 next",
    "very " + "long " * 3000,
)
"""Messages of logs, each of which is code for something that shows or reads text."""

_READING = {
    "terminal": (
        ("query", "SELECT body FROM logs WHERE host_name = 'evil' ORDER BY line_number"),
        ("query", "PIVOT (SELECT body FROM logs WHERE host_name = 'evil') ON body USING count(*)"),
        ("query", "SELECT {'a': body} AS s, [body] AS l FROM logs WHERE host_name = 'evil'"),
        ("query", "SELECT * FROM label_queue"),
        ("query", "SELECT error(body) FROM logs WHERE host_name = 'evil'"),
        ("status",),
        ("incidents", "--all"),
        ("counts",),
        ("domains", "show"),
        ("queue",),
        ("look",),
        ("evaluate",),
        ("show", "LAST"),
        ("top",),
        ("top", "--by", "service"),
        ("diff", "--since", "2025-03-11", "--all"),
        ("tail", "--once", "--lines", "40", "--wide"),
        ("alert", "--dry-run"),
    ),
    "CSV": (("label", "export", "OUT.csv"), ("queue", "export", "OUT.csv")),
    "spreadsheets": (("export", "lines", "OUT.csv"), ("export", "incidents", "OUT.csv")),
    "JSON lines": (
        ("export", "lines", "OUT.jsonl"),
        ("export", "anomalies", "OUT.jsonl", "--format", "otlp"),
        ("export", "lines", "OUT.jsonl", "--format", "timesketch"),
        ("tail", "--once", "--json"),
    ),
    "metrics": (("metrics",),),
    "HTML": (("evaluate", "--html", "OUT.html"), ("report", "--out", "OUT.html")),
    "YAML": (("domains", "edit", "--out", "OUT.yaml"),),
    "Markdown": (("domains", "show", "--page", "OUT.md"),),
    "SQL": (("query", "SELECT count(*) FROM logs WHERE host_name = 'evil'"),),
}


def run(*words: object) -> tuple[int, str]:
    """Run a command; return its status and everything that it printed."""
    done = CliRunner().invoke(main, [str(word) for word in words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return -1, f"{type(done.exception).__name__}: {done.exception}"
    return done.exit_code, done.output


def is_one_line(code: int, output: str) -> bool:
    """Return whether a command worked, or said in one line what is wrong, as doctor does in two."""
    errors = [line for line in output.splitlines() if line.startswith("Error: ")]
    is_said = len(errors) == 1 or (not errors and "\n  mend it with: " in output)
    return code == 0 or (code in (1, 2) and is_said and "Traceback" not in output)


def flip_bits(compiled: Path, folder: Path, flips: int, seed: int = 7) -> Tried:
    """Flip single bits of the warehouse, and read it with three commands."""
    folder.mkdir(parents=True, exist_ok=True)
    path = copied_to(folder, compiled)
    original, places, tried = path.read_bytes(), random.Random(seed), Tried("bits of the warehouse")
    for _ in range(flips):
        damaged, place = bytearray(original), places.randrange(len(original))
        damaged[place] ^= 1 << places.randrange(8)
        path.write_bytes(damaged)
        tried.tried += 1
        for command in (["doctor", "--deep"], ["status"], ["query", "FROM fame.verdicts"]):
            code, output = run(*command, "--warehouse", path)
            if not is_one_line(code, output) or "is held by" in output:
                tried.failed.append(f"byte {place}, {command}: {output[-300:]}")
    return tried


def damage_models(compiled: Path, folder: Path, flips: int = 3) -> Tried:
    """Cut, lengthen and change every file of a model: none may be loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    path = copied_to(folder, compiled)
    with Warehouse.open(path, read_only=True) as warehouse:
        (model,) = (p for p in warehouse.models_folder.iterdir() if p.is_dir())
    tried = Tried("files of a model")
    for file in sorted(p for p in model.rglob("*") if p.is_file()):
        content = file.read_bytes()
        for what, changed in _damages(content, flips):
            file.write_bytes(changed)
            tried.tried += 1
            tried.failed += _loaded(model, f"{file.name}, {what}")
        file.write_bytes(content)
    return tried


def _damages(content: bytes, flips: int) -> Iterator[tuple[str, bytes]]:
    yield "cut by a byte", content[:-1]
    yield "a byte more", content + b"\n"
    yield "empty", b""
    draw = random.Random(len(content))
    for _ in range(flips if content else 0):
        changed = bytearray(content)
        changed[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        yield "a flipped bit", bytes(changed)


def _loaded(model: Path, what: str) -> list[str]:
    """Load a damaged model; return what is wrong with how that ends."""
    try:
        load(model)
    except FameError as error:
        return [] if str(model) in str(error) else [f"{what}: {error}"]
    except Exception as error:
        return [f"{what}: {type(error).__name__}: {error}"]
    return [f"{what}: was loaded"]


def forge_models(compiled: Path, folder: Path, most: int = 1000) -> Tried:
    """Write nonsense into the JSON of a model, with the right checksums, as an attacker would.

    Of each file at most ``most`` forgeries are tried.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = copied_to(folder, compiled)
    with Warehouse.open(path, read_only=True) as warehouse:
        (model,) = (p for p in warehouse.models_folder.iterdir() if p.is_dir())
    tried = Tried("JSON of a forged model")
    for name in sorted(p.name for p in model.glob("*.json") if p.name != manifest.MANIFEST):
        content = json.loads((model / name).read_text("utf-8"))
        texts = list(_forged(content))
        chosen = random.Random(name).sample(texts, min(most, len(texts)))
        for number, text in enumerate(chosen):
            forged = folder / f"{name}-{number}"
            shutil.copytree(model, forged)
            (forged / name).write_text(text, encoding="utf-8")
            sums = manifest.sums_of(forged)
            manifest.write(forged, sums, None)
            tried.tried += 1
            tried.failed += _scored(forged, f"{name}: {text[:80]}")
            shutil.rmtree(forged)
    return tried


_NONSENSE = ("1e400", "NaN", "-1", "1" + "0" * 400, '"\\ud800"', "null", "[]", '"x"', "true", "{}")


def _forged(content: object) -> Iterator[str]:
    """Yield the texts of a JSON document with one value replaced, and of deep documents."""
    yield "[" * 100_000
    yield '{"a":' * 50_000
    for path in _paths(content, 3):
        for value in _NONSENSE:
            yield json.dumps(_with(content, path, "FORGED")).replace('"FORGED"', value)


def _paths(content: object, depth: int) -> Iterator[tuple[object, ...]]:
    """Yield where a value stands in a document; of a list or a large object, only the first."""
    yield ()
    if depth == 0:
        return
    pairs: Iterable[tuple[object, object]] = ()
    if isinstance(content, dict):
        pairs = list(content.items())[:12]
    elif isinstance(content, list):
        pairs = list(enumerate(content))[:1]
    for key, value in pairs:
        yield from ((key, *rest) for rest in _paths(value, depth - 1))


def _with(content: object, path: tuple[object, ...], value: object) -> object:
    if not path:
        return value
    key, *rest = path
    if isinstance(content, dict):
        return {**content, key: _with(content[key], tuple(rest), value)}
    assert isinstance(content, list)
    return [_with(v, tuple(rest), value) if n == key else v for n, v in enumerate(content)]


def _scored(model: Path, what: str) -> list[str]:
    """Load and use a forged model: it works, with scores from 0 to 1, or is refused."""
    try:
        verdicts = load(model).verdicts(["disk <id> is full", "user logged in"])
    except FameError:
        return []
    except Exception as error:
        return [f"{what}: {type(error).__name__}: {str(error)[:200]}"]
    return [] if all(0 <= v.score <= 1 for v in verdicts) else [f"{what}: scores {verdicts}"]


def hostile_warehouse(compiled: Path, folder: Path) -> Path:
    """Return a copy of the warehouse with hostile messages in it, scored."""
    folder.mkdir(parents=True, exist_ok=True)
    path = copied_to(folder, compiled)
    log = folder / "evil.jsonl"
    rows = [
        {
            "timestamp": "2025-03-12T00:00:00Z",
            "host": "evil",
            "service": text[:200],
            "level": "ERROR",
            "message": text,
        }
        for text in HOSTILE_TEXTS
    ]
    log.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (settings := folder / "alerts.toml").write_text(_ALERTS, encoding="utf-8")
    update, alert = ["incidents", "update"], ["alert", "set", settings, "--author", "tester"]
    for words in (["ingest", log], ["mine"], ["score"], update, alert):
        code, output = run(*words, "--warehouse", path)
        if code:
            raise AssertionError(f"{words}: {output}")
    return path


def show_hostile_texts(warehouse: Path, folder: Path) -> list[Tried]:
    """Show hostile texts in every kind of output; each text counts once for each output."""
    found = []
    with Warehouse.open(warehouse, read_only=True) as opened:
        last = str(opened.value("SELECT max(log_id) FROM fame.logs"))
    for output, commands in _READING.items():
        tried = Tried(f"hostile texts: {output}")
        for words in commands:
            target = folder / f"out-{len(list(folder.iterdir()))}{Path(words[-1]).suffix}"
            given = [target if word.startswith("OUT.") else word for word in words]
            given = [last if word == "LAST" else word for word in given]
            code, said = run(*given, "--warehouse", warehouse)
            tried.tried += len(HOSTILE_TEXTS)
            text = target.read_text("utf-8") if target in given and target.exists() else said
            if not is_one_line(code, said):
                tried.failed.append(f"{words}: {code} {said[-300:]}")
            tried.failed += [f"{words}: {wrong}" for wrong in _CHECKS[output](text)]
        found.append(tried)
    return found


def _no_controls(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if raw := RAW.search(line):
            yield f"{raw.group()!r} in {line[:100]!r}"


def _no_formula(text: str) -> Iterator[str]:
    yield from _no_controls(text.replace("\r\n", "\n"))
    yield from (c for c in re.findall(r'(?:^|,)"?([=+@][^",]*)', text, re.MULTILINE) if c)


def _formulas(text: str) -> Iterator[str]:
    """Yield cells that a spreadsheet calculates; other text is written as it was logged."""
    for row in csv.reader(io.StringIO(text, newline="")):
        yield from (cell for cell in row if cell.startswith(("=", "+", "@")))


def _broken_lines(text: str) -> Iterator[str]:
    for line in text.removesuffix("\n").split("\n"):
        if not isinstance(json.loads(line), dict):
            yield line[:100]


def _broken_metrics(text: str) -> Iterator[str]:
    *lines, end = text.removesuffix("\n").split("\n")
    yield from (line for line in lines if not _METRIC.fullmatch(line))
    if end != "# EOF":
        yield end


def _no_markup(text: str) -> Iterator[str]:
    yield from _no_controls(text)
    yield from re.findall(r"<script>alert|<img src=x", text)


def _no_python(text: str) -> Iterator[str]:
    import yaml

    yield from _no_controls(text)
    if not isinstance(yaml.safe_load(text), dict):
        yield "no mapping"


def _all_there(text: str) -> Iterator[str]:
    if str(len(HOSTILE_TEXTS)) not in text:
        yield f"lines are lost: {text!r}"


_CHECKS: dict[str, Callable[[str], Iterator[str]]] = {
    "terminal": _no_controls,
    "CSV": _no_formula,
    "spreadsheets": _formulas,
    "JSON lines": _broken_lines,
    "metrics": _broken_metrics,
    "HTML": _no_markup,
    "YAML": _no_python,
    "Markdown": _no_markup,
    "SQL": _all_there,
}
