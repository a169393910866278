"""Slack: an incoming webhook, with blocks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fame_sql.operations.alerts import http
from fame_sql.operations.alerts.channels.channel import (
    HTTP_OPTIONS,
    TRANSIENT,
    HttpChannel,
    Option,
    Surroundings,
    Traits,
    next_step,
    shown,
)
from fame_sql.operations.alerts.notice import Item, Notice, counted
from fame_sql.operations.alerts.outcome import Outcome
from fame_sql.operations.alerts.settings import ChannelSettings
from fame_sql.operations.alerts.templates import failed, fill
from fame_sql.operations.alerts.text import ELLIPSIS, cut, one_line

OPTIONS = {
    **HTTP_OPTIONS,
    "url": Option("secret", required=True),
    "template": Option("template"),
}

TRAITS = Traits(pause=timedelta(seconds=1))

MOST_BLOCKS = 50
LONGEST_BLOCK = 2_900
LONGEST_TEXT = 3_000
LONGEST_MESSAGE = 9_500
_EXAMPLES = 3
_BAD_MESSAGE = {"invalid_payload", "invalid_blocks", "invalid_attachments", "no_text"}
_BAD_MESSAGE |= {"msg_blocks_too_long", "msg_too_long", "too_many_attachments"}
_TRANSIENT = {"rollup_error", "rate_limited", "ratelimited", "internal_error", "fatal_error"}
_BAD_MESSAGE |= {"invalid_blocks_format", "missing_text_or_fallback_or_attachments"}
_HALF_ESCAPE = re.compile(f"&[a-z]*{ELLIPSIS}$")
_WORD = re.compile(r"[a-z_]{3,40}")


def open_channel(settings: ChannelSettings, around: Surroundings) -> Slack:
    """Return a channel that can send."""
    url = around.secrets.value(settings.options["url"], f"channel {settings.name}: url")
    return Slack(settings, around, url)


@dataclass
class Slack(HttpChannel):
    """Posts a text for notifications, and blocks in which text of logs stays text."""

    def show(self, notice: Notice) -> str:
        """Return what would be sent."""
        return shown(self.body(notice))

    def send(self, notices: Sequence[Notice], memo: Mapping[str, Any]) -> Outcome:
        """Post one notice; a message that Slack finds invalid is sent once more as plain text."""
        outcome = self.post(self.body(notices[0]))
        if outcome.status != "refused":
            return outcome
        again = self.post({"text": self.plain(notices[0])})
        if again.status != "delivered":
            return again
        return Outcome(
            "delivered", degraded=f"sent as plain text, since Slack said {outcome.reason}"
        )

    def judged(self, answer: http.Answer) -> Outcome:
        """Return what an answer means: Slack's word first, then the status."""
        word = answer.text.strip()
        if answer.status == 200:
            if word == "ok":
                return Outcome("delivered")
            return self.failure("refused" if word in _BAD_MESSAGE else "broken", f"200 {word}")
        if word in _BAD_MESSAGE:
            return self.failure("refused", f"{answer.status} {word}")
        is_transient = answer.status in TRANSIENT or answer.status >= 500 or word in _TRANSIENT
        if _WORD.fullmatch(word) and not is_transient:
            return self.failure("broken", f"{answer.status} {word}")
        return super().judged(answer)

    def plain(self, notice: Notice) -> str:
        """Return a notice as one short text."""
        lines = [self._headline(notice), *(escaped(i.headline()) for i in notice.items[:5])]
        return _cut("\n".join(lines), LONGEST_TEXT)

    def _headline(self, notice: Notice) -> str:
        repeat = " (may be a repeat)" if notice.may_be_repeat else ""
        return _cut(escaped(cut(notice.headline(), 1_000)), LONGEST_BLOCK - len(repeat)) + repeat

    def body(self, notice: Notice) -> dict[str, Any]:
        """Return the message: as many incidents, the worst first, as fit into it."""
        says_more = notice.title or notice.may_be_repeat or len(notice.items) > 1
        blocks = [_header(self._headline(notice))] if says_more else []
        size = len(self._headline(notice))
        kept = 0
        for item in notice.items:
            more = self._item_blocks(item)
            length = sum(len(block["text"]["text"]) for block in more)
            if len(blocks) + len(more) > MOST_BLOCKS - 1 or size + length > LONGEST_MESSAGE:
                break
            blocks, size, kept = [*blocks, *more], size + length, kept + 1
        if left := len(notice.items) - kept:
            blocks.append(_header(f"and {counted(left, 'more incident')}, see `fame incidents`"))
        return {"text": self._headline(notice), "blocks": blocks}

    def _item_blocks(self, item: Item) -> list[dict[str, Any]]:
        template = self.settings.options.get("template", "")
        head = fill(template, item.values()) or item.headline()
        facts = [item.times(), item.counts(), item.note, item.incident.known]
        facts += [next_step(item, self.around), failed(self.settings.options)]
        lines = [escaped(head), *(escaped(one_line(fact)) for fact in facts if fact)]
        blocks = [_mrkdwn(_cut("\n".join(lines), LONGEST_BLOCK))]
        examples = [one_line(text) for text in item.incident.examples[:_EXAMPLES]]
        if shown_lines := "\n".join(cut(text, 800) for text in examples if text):
            blocks.append(_plain(_cut(escaped(shown_lines), LONGEST_BLOCK)))
        return blocks


def escaped(text: str) -> str:
    """Return text in which Slack finds no mention, link or fence."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("```", "'''")


def _cut(text: str, longest: int) -> str:
    """Cut an escaped text to a length by Slack's strictest count, not inside an escape."""
    short = cut(text, longest, "utf-16")
    return short if short == text else _HALF_ESCAPE.sub(ELLIPSIS, short)


def _header(text: str) -> dict[str, Any]:
    return _mrkdwn(text)


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "verbatim": True, "text": text}}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "emoji": False, "text": text}}
