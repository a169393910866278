"""The card of a model as an HTML page."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from fame_sql.forensics.charts import detectors
from fame_sql.forensics.drawing import need
from fame_sql.forensics.pages.page import LABELS, count, picture, render, share

_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_ROWS = (
    ("precision", "precision"),
    ("recall", "recall"),
    ("f1", "F1"),
    ("average_precision", "AP"),
)
_PARTS = ("known", "unseen")
_NUMBER = re.compile(r"[\d,.]*")
_LONG = 40
"""Characters of a cell from which on its column holds sentences."""


def html_card(markdown: str, version: str, metrics: Mapping[str, Any]) -> str:
    """Return the page: what the model was measured to do, a picture, and the card, folded.

    Parameters
    ----------
    markdown : str
        The card, as in the model's folder.
    version : str
        The model's version.
    metrics : mapping
        The model's ``metrics.json``.

    Raises
    ------
    InputError
        If the extra ``forensics`` is not installed.
    """
    held_out = metrics.get("held_out") or {}
    rows = [
        {"detector": f"{shown}, {part}", "value": held_out[part][name], "low": None, "high": None}
        for part in _PARTS
        for name, shown in _ROWS
        if held_out.get(part, {}).get(name) is not None
    ]
    drawn = None
    if rows:
        label = "Precision, recall, F1 and average precision on held-out labels"
        drawn = picture(
            lambda width: detectors.chart(
                rows, measure="share", width=width - LABELS, best_first=False
            ),
            label,
        )
    introduction, *sections = _SECTION.split(_FRONT.sub("", markdown))
    return render(
        "card",
        title=f"Model {version}",
        conclusion=conclusion(metrics),
        picture=drawn,
        introduction=_html(introduction.partition("\n\n")[2]),
        sections=[
            (title, _html(text)) for title, text in zip(sections[::2], sections[1::2], strict=True)
        ],
    )


def conclusion(metrics: Mapping[str, Any]) -> list[str]:
    """Return what was measured, in two sentences."""
    held_out = metrics.get("held_out")
    if not held_out:
        return ["How good this model is was not measured on held-out labels."]
    said = []
    for part, where in (("known", "On known templates"), ("unseen", "On unseen templates")):
        found = held_out[part]
        events = f"{count(found['anomalous_events'])} anomalous events"
        if found["precision"] is None and found["recall"] is None:
            said.append(f"{where} nothing could be measured ({events}).")
            continue
        said.append(
            f"{where}, {share(found['precision'])} of its reports were right, and it found "
            f"{share(found['recall'])} of the anomalous lines ({events} held out)."
        )
    return said


def _html(markdown: str) -> Any:
    """Return Markdown as HTML; HTML in it is shown as text."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(markdown)
    _dress_tables(tokens)
    made = parser.renderer.render(tokens, parser.options, {})
    opened = '<div class="scroll" tabindex="0" role="region" aria-label="table"><table '
    scrolled = made.replace("<table ", opened).replace("</table>", "</table></div>")
    return need("markupsafe").Markup(scrolled)


def _dress_tables(tokens: Sequence[Any]) -> None:
    """Give tables the classes of a page, and cells the names that they have on a phone."""
    columns: dict[int, list[tuple[Any, str]]] = defaultdict(list)
    place = 0
    for token, following in pairwise(tokens):
        if token.type == "table_open":
            token.attrSet("class", "cards stacked")
            columns.clear()
        elif token.type == "tr_open":
            place = 0
        elif token.type in ("th_open", "td_open"):
            columns[place].append((token, following.content))
            place += 1
        elif token.type == "tbody_close":
            for number, cells in columns.items():
                _dress_column(cells, is_first=number == 0)


def _dress_column(cells: Sequence[tuple[Any, str]], *, is_first: bool) -> None:
    (_, heading), *others = cells
    texts = [text for _, text in others]
    if any(texts) and all(map(_NUMBER.fullmatch, texts)):
        kind = "n"
    else:
        kind = "text" if max(map(len, texts), default=0) >= _LONG else ""
    for cell, _ in cells if kind else ():
        cell.attrSet("class", kind)
    for cell, _ in () if is_first else others:
        cell.attrSet("data-label", heading)
