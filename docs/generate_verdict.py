"""Generate the descriptions of a verdict's columns in dbt and the reference: ``make generate``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from fame_sql.verdict.columns import COLUMNS
from fame_sql.verdict.verdict import Column

ROOT = Path(__file__).resolve().parent.parent
DBT = ROOT / "dbt_project"

_EVERY_LINE = {name: column for name, column in COLUMNS.items() if column.every_line}
_MACRO = """\
{{#- Written by 'make generate' from fame_sql/verdict: the columns of a verdict except
    model_version; with every_line, only those that dbt repeats on every log line. Where values
    decide within an event, those of the line's own message. -#}}
{{% macro verdict_columns(relation, every_line=false, message=none) %}}
{{%- set live = {{'score': 'fame_score', 'is_anomaly': 'fame_is_anomaly'}} if message else {{}} -%}}
{{%- set of_event = [{of_event}] -%}}
{{%- set columns = [
{columns}
] | reject('in', of_event if every_line else []) -%}}
{{%- for name in columns %}}
    {{%- if name in live %}}
    case
        when fame_has_value_head({{{{ relation }}}}.template_id)
            then {{{{ live[name] }}}}({{{{ message }}}})
        else {{{{ relation }}}}.{{{{ name }}}}
    end
    {{%- else %}}
    {{{{ relation }}}}.{{{{ name }}}}
    {{%- endif %}} as {{{{ name }}}}{{{{ "," if not loop.last }}}}
{{%- endfor -%}}
{{% endmacro %}}
"""


def texts() -> dict[Path, str]:
    """Return the text that each generated file should have."""
    contracts = DBT / "models"
    return {
        DBT / "macros" / "verdict_columns.sql": _macro(),
        contracts / "intermediate" / "intermediate.yml": _described(
            contracts / "intermediate" / "intermediate.yml",
            {"int_event_scores": COLUMNS, "int_unmatched_events": {}},
        ),
        contracts / "marts" / "logs.yml": _described(
            contracts / "marts" / "logs.yml",
            {"fct_scored_logs": _EVERY_LINE, "fct_anomalies": {}},
        ),
        ROOT / "docs" / "reference" / "sql.md": _reference(ROOT / "docs" / "reference" / "sql.md"),
    }


def _macro() -> str:
    names = [name for name in COLUMNS if name != "model_version"]
    of_event = [name for name in names if name not in _EVERY_LINE]
    return _MACRO.format(
        of_event=", ".join(f"'{name}'" for name in of_event),
        columns=",\n".join(f"    '{name}'" for name in names),
    )


def _described(path: Path, models: Mapping[str, Mapping[str, Column]]) -> str:
    """Return a dbt file whose models describe each column of a verdict as it is defined.

    A model's own tests are kept. Columns that a model must have and lacks are added at its end.
    """
    parts = re.split(r"(?m)^(?=  - name: )", path.read_text(encoding="utf-8"))
    return "".join(_model(part, models) for part in parts)


def _model(part: str, models: Mapping[str, Mapping[str, Column]]) -> str:
    name = part.removeprefix("  - name: ").partition("\n")[0]
    if not part.startswith("  - name: ") or name not in models:
        return part
    part, blank = part.rstrip("\n") + "\n", part[len(part.rstrip("\n")) + 1 :]
    typed = "        data_type: " in part
    head, *columns = re.split(r"(?m)^(?=      - name: )", part)
    present = [column.removeprefix("      - name: ").partition("\n")[0] for column in columns]
    missing = [f"      - name: {name}\n" for name in models[name] if name not in present]
    names = present + [name for name in models[name] if name not in present]
    described = [
        _column(text, COLUMNS[name], typed) if name in COLUMNS else text
        for name, text in zip(names, columns + missing, strict=True)
    ]
    return head + "".join(described) + blank


def _column(text: str, column: Column, typed: bool) -> str:
    name, *rest = text.splitlines(keepends=True)
    own = [line for line in rest if not re.match(r"        (description|data_type): ", line)]
    made = [f'        description: "{column.description}"\n']
    if typed:
        made.append(f"        data_type: {column.kind.lower()}\n")
    return "".join([name, *made, *own])


def _reference(path: Path) -> str:
    rows = [f"| `{name}` | `{c.kind}` | {c.description} |" for name, c in COLUMNS.items()]
    table = "\n".join(["| column | type | |", "|---|---|---|", *rows])
    begin, end = "<!-- verdict: written by 'make generate' -->\n", "\n<!-- end -->"
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    return before + begin + table + end + rest.partition(end)[2]


if __name__ == "__main__":
    for target, text in texts().items():
        target.write_text(text, encoding="utf-8")
