"""Reports and charts as a browser shows them; skipped without Chromium or the extra."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser, browser
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.forensics.pages.card import html_card
from fame_sql.models.registry import champion
from fame_sql.warehouse.warehouse import Warehouse

pytest.importorskip("altair", reason="the extra 'forensics' is not installed")
pytestmark = pytest.mark.any_duckdb

EVIL = (
    "2025-03-05T00:00:0{i} FATAL kernel panic <script>document.title='owned'</script>"
    "<img src=http://192.0.2.1/x.png onerror=\"document.title='owned'\"> \x1b]0;owned\x07 "
    "{{{{ 7*7 }}}} \u202eevil\n"
)
PHONE, SCREEN = 360, 1280
SCROLLS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOCUSED = (
    "(e => e.tagName + '|' + (e.textContent || '').trim().slice(0, 40))(document.activeElement)"
)


@pytest.fixture(scope="module")
def report(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on a warehouse with incidents, and with hostile lines among them."""
    folder = tmp_path_factory.mktemp("report")
    for path in (compiled, compiled.with_name("centre.models")):
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, folder / path.name)
    warehouse, evil = folder / compiled.name, folder / "evil.log"
    evil.write_text("".join(EVIL.format(i=i) for i in range(5)))
    page = folder / "report.html"
    for words in (
        ["ingest", str(evil)],
        ["score"],
        ["incidents", "update"],
        ["report", "--out", str(page)],
    ):
        done = CliRunner().invoke(main, [*words, "--warehouse", str(warehouse)])
        assert done.exit_code == 0, done.output
    return page


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


def test_a_report_says_the_answer_first(report: Path) -> None:
    text = report.read_text()
    body = text[text.index("<main>") :]
    order = [
        body.index(part) for part in ('class="answer', "Timeline", "What is new", "unknown", "cost")
    ]
    assert order == sorted(order)
    assert re.search(r"\d+ incidents? \(", body)
    assert "fame.timeline(" in body
    assert "$start" not in body, "the SQL can be run as it is"


def test_a_report_holds_no_script_and_no_raw_control_character(report: Path) -> None:
    text = report.read_text()
    assert "&lt;script&gt;document.title" in text
    assert "<script" not in text
    assert "7*7" in text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", text.split("<main>")[0])


@pytest.mark.parametrize("width", [PHONE, SCREEN])
@pytest.mark.parametrize("dark", [False, True])
def test_it_renders_without_a_request_and_fits(
    shown: Browser, report: Path, width: int, dark: bool
) -> None:
    shown.open(report, width=width, dark=dark)
    assert shown.evaluate(SCROLLS) == 0
    assert [url for url in shown.requests if not url.startswith("file:")] == []
    assert shown.evaluate("document.title").startswith("Logs from")
    assert shown.evaluate("document.querySelectorAll('img,script').length") == 0
    visible = (
        "[...document.querySelectorAll('svg')].filter(s => s.getBoundingClientRect().width > 99)"
    )
    assert shown.evaluate(f"{visible}.length") >= 2
    ink = shown.evaluate("getComputedStyle(document.body).color")
    assert (ink == "rgb(232, 237, 242)") == dark


def test_the_keyboard_reaches_and_opens_everything(shown: Browser, report: Path) -> None:
    shown.open(report)
    # With everything open: what is in a closed part is reached once that is open.
    shown.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    wanted = shown.evaluate("document.querySelectorAll('summary,[tabindex],a[href]').length")
    marked = "document.activeElement.setAttribute('data-reached', '1')"
    for _ in range(wanted + 2):
        shown.press("Tab", 9)
        shown.evaluate(marked)
    missed = (
        "document.querySelectorAll('summary:not([data-reached]),[tabindex]:not([data-reached])')"
    )
    assert shown.evaluate(f"{missed}.length") == 0
    shown.evaluate("document.querySelector('summary').focus()")
    shown.press("Enter", 13)
    assert shown.evaluate("document.querySelector('details').open") is False


def test_it_prints(shown: Browser, report: Path, tmp_path: Path) -> None:
    shown.open(report)
    shown.pdf(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.fixture(scope="module")
def dressed(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The certificate and the model card of a warehouse."""
    folder = tmp_path_factory.mktemp("dressed")
    pages = {name: folder / f"{name}.html" for name in ("certificate", "card")}
    with Warehouse.open(compiled, read_only=True) as warehouse:
        version = champion(warehouse).model_version
    for words in (
        ["domains", "show", "--page", str(pages["certificate"])],
        ["models", "show", version, "--html", str(pages["card"])],
    ):
        done = CliRunner().invoke(main, [*words, "--warehouse", str(compiled)])
        assert done.exit_code == 0, done.output
    return pages


@pytest.mark.parametrize("name", ["certificate", "card"])
def test_a_page_says_its_conclusion_and_has_one_picture_before_any_table(
    shown: Browser, dressed: dict[str, Path], name: str
) -> None:
    text = dressed[name].read_text()
    assert text.index('class="answer"') < text.index("<svg") < text.index("<table")
    assert text.count("<svg") == 2, "one picture, for a screen and for a phone"
    shown.open(dressed[name], width=PHONE)
    shown.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert shown.evaluate(SCROLLS) == 0
    assert [url for url in shown.requests if not url.startswith("file:")] == []


def test_html_in_a_card_is_text() -> None:
    page = html_card("# Model x\n\nIt is <b>.\n\n## Part\n\n<script>1</script>", "x", {})
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_table_of_a_card_is_cards_on_a_phone() -> None:
    table = "| part | lines | about |\n|---|---|---|\n| a | 1,200 | " + "long " * 9 + "|\n"
    page = html_card(f"# Model x\n\nIt is.\n\n## Part\n\n{table}", "x", {})
    assert '<table class="cards stacked">' in page
    assert '<td>a</td>\n<td class="n" data-label="lines">1,200</td>' in page
    assert '<th class="n">lines</th>\n<th class="text">about</th>' in page
    assert '<td class="text" data-label="about">long' in page


def test_without_the_extra_there_is_one_line(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    done = CliRunner().invoke(
        main, ["report", "--out", str(tmp_path / "r.html"), "--warehouse", str(compiled)]
    )
    assert done.exit_code == 1
    assert done.output.count("\n") == 1
    assert "pip install 'fame-sql[forensics]'" in done.output
