"""What watching logs costs, and the published figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.cli import main
from fame_sql.operations.costs.costs import compare, recompilation, reproduce, scenario_inputs
from fame_sql.operations.costs.inputs import changed, default_inputs, published

pytestmark = pytest.mark.any_duckdb


def cost(*words: str) -> str:
    result = CliRunner().invoke(main, ["cost", "--warehouse", "nothing.duckdb", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    "found", reproduce(), ids=lambda found: f"{found.scenario}: {found.figure}"
)
def test_the_published_figures_are_reproduced_within_a_factor_of_two(found) -> None:
    low, high = found.published
    assert low / 2 <= found.computed <= high * 2
    assert found.factor <= 2


def test_each_published_figure_is_there() -> None:
    ranges = [found.published for found in reproduce()]
    assert ranges == [(6698, 10047), (10.23, 10.23), (125000, 125000)]


@pytest.mark.parametrize("name", published())
def test_every_input_of_a_published_figure_is_marked(name: str) -> None:
    kinds = {given.kind for given in scenario_inputs(name).values()}
    assert kinds == {"given", "assumed"}
    assert scenario_inputs(name)["lines_per_day"].kind == "given"


def test_the_figures_of_the_defaults_by_hand() -> None:
    every, windows, rules, fame = compare(default_inputs())
    # A million lines of 450 tokens in and 30 out, at $2.50 and $10 per million.
    assert every.dollars_per_day == pytest.approx(450 * 2.5 + 30 * 10)
    # A million lines of 50 tokens, and 10,000 requests of 400 tokens in and 150 out.
    assert windows.dollars_per_day == pytest.approx(125 + 10 + 15)
    assert rules.dollars_per_day == 0
    # 144 windows, of which 5 % are reported falsely: 300 lines and 2.5 hours each.
    assert rules.false_windows_per_day == pytest.approx(7.2)
    assert rules.lines_to_read_per_day == pytest.approx(2160)
    assert rules.hours_per_day == pytest.approx(18)
    assert fame.lines_to_read_per_day == 10
    # 500 templates: 8 rows of 200 tokens in and 45 out, read twice, and two groupings of 100 in
    # and 8 out.
    assert fame.dollars_once == pytest.approx(
        500 * (2 * 8 * (200 * 2.5 + 45 * 10) + 2 * (100 * 2.5 + 80)) / 1e6
    )
    assert recompilation(default_inputs()).dollars == pytest.approx(fame.dollars_once / 5)


@given(st.floats(1, 1e12), st.floats(1, 1e12))
def test_more_lines_never_cost_less(one: float, other: float) -> None:
    fewer, more = sorted((one, other))
    pairs = zip(
        compare(changed(default_inputs(), {"lines_per_day": fewer}, "yours")),
        compare(changed(default_inputs(), {"lines_per_day": more}, "yours")),
        strict=True,
    )
    for before, after in pairs:
        assert before.dollars_per_day <= after.dollars_per_day * (1 + 1e-12)
        assert before.dollars_once == after.dollars_once, "the pass does not grow with the lines"


def test_inputs_are_edited_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "inputs.toml"
    cost("--write-inputs", str(path))
    text = path.read_text()
    assert "hours_per_false_window = 2.5" in text
    path.write_text(text.replace("lines_per_day = 1000000", "lines_per_day = 5000000"))
    found = json.loads(cost("--inputs", str(path), "--set", "wage=50", "--json"))
    inputs = {row["name"]: row for row in found["inputs"]}
    assert inputs["lines_per_day"]["value"] == 5_000_000
    assert inputs["lines_per_day"]["kind"] == "yours"
    assert inputs["wage"]["value"] == 50
    assert inputs["tokens_per_line"]["kind"] == "assumed"
    assert found["ways"][0]["dollars_per_day"] == pytest.approx(5 * 1425)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "lines=3"], "is no input of 'fame cost'"),
        (["--set", "wage"], "is not NAME=VALUE"),
        (["--set", "wage=much"], "give a number of 0 or more"),
        (["--set", "unknown_share=3"], "give a number of 0 to 1"),
        (["--set", "lines_per_day=-1"], "give a number of 0 or more"),
        (["--set", "window_minutes=0"], "give a number of 0.001 or more"),
        (["--llm-model", "nobody"], "has no price"),
    ],
)
def test_a_wrong_input_is_explained(words: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["cost", "--warehouse", "nothing.duckdb", *words])
    assert result.exit_code == 1
    assert message in result.output


def test_a_warehouse_is_measured(compiled: Path) -> None:
    result = CliRunner().invoke(main, ["cost", "--warehouse", str(compiled), "--json"])
    found = json.loads(result.stdout)
    inputs = {row["name"]: row for row in found["inputs"]}
    measured = {name for name, row in inputs.items() if row["kind"] == "measured"}
    assert {"lines_per_day", "tokens_per_line", "services", "templates"} <= measured
    assert 5 < inputs["tokens_per_line"]["value"] < 100
    assert found["recompilation"]["present_share"] is not None
    assert "unknown lines: compile again, for about $" in found["recompilation"]["advice"]


def test_the_page_shows_what_the_command_prints() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "cost.md").read_text()
    assert cost("--published").strip() in page
