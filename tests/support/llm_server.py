"""A local HTTP server that speaks OpenAI's chat completions, well or badly, and counts."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Row = dict[str, Any]
_DATA = re.compile(r"^DATA (\w+) BEGINS\n(.*?)\nDATA \1 ENDS$", re.DOTALL | re.MULTILINE)
_ALARM = re.compile(r"(?i)error|fail|fatal|panic|lost|corrupt|refused|timed? ?out|not respond")


def rows_of(body: dict[str, Any]) -> list[Row]:
    """Return the rows that a request holds as data."""
    found = _DATA.search(body["messages"][1]["content"])
    return [json.loads(line) for line in found[2].splitlines()] if found else []


def looks_bad(row: Row) -> bool:
    return bool(_ALARM.search(row["message"]))


@dataclass
class LanguageServer:
    """What the server does, and what reached it.

    ``faults`` are used up one a request: slow, 429, 500, break, truncate, invalid, prose,
    fence, invent, omit, repeat, extra, empty, no_usage. ``refuses`` names what gives a 400:
    temperature, seed, max_tokens, json_schema, json_object. ``answer`` replaces an honest
    answer, ``raw`` the next whole responses: status, body and headers; ``respond`` makes each.
    """

    faults: deque[str] = field(default_factory=deque)
    refuses: set[str] = field(default_factory=set)
    is_anomalous: Callable[[Row], bool] = looks_bad
    answer: Callable[[dict[str, Any]], str] | None = None
    delay: float = 0.0
    bodies: list[bytes] = field(default_factory=list)
    base_url: str = ""
    seen_at: float = 0.0
    busy: int = 0
    most_busy: int = 0
    raw: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    respond: Callable[[dict[str, Any]], tuple[int, bytes, dict[str, str]]] | None = None

    _counting: threading.Lock = field(default_factory=threading.Lock)

    def comes(self) -> None:
        with self._counting:
            self.busy += 1
            self.most_busy = max(self.busy, self.most_busy)

    def leaves(self) -> None:
        with self._counting:
            self.busy -= 1
            self.seen_at = time.monotonic()

    def settle(self, quiet: float = 0.3) -> None:
        """Wait until nothing was received or is being answered for ``quiet`` seconds."""
        while self.busy or time.monotonic() - self.seen_at < quiet:
            time.sleep(0.01)

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    def refusal(self, body: dict[str, Any]) -> str | None:
        for name in ("temperature", "seed", "max_tokens"):
            if name in self.refuses and name in body:
                return f"Unsupported parameter: '{name}' is not supported with this model."
        kind = body.get("response_format", {}).get("type")
        if kind in self.refuses:
            return f"response_format.type {kind} is not supported"
        return None

    def honest(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer the task that a request asks for."""
        task, rows = body["messages"][1]["content"], rows_of(body)
        if '"judgements"' in task:
            return {"judgements": [self._judgement(row) for row in rows]}
        if '"alarms"' in task:
            return {"alarms": [self._alarm(row) for row in rows if self.is_anomalous(row)][:5]}
        if '"would_disprove"' in task:
            return self._opinion(rows, proposes='"recommended_action"' in task)
        if '"placements"' in task:
            return self._place(rows)
        if '"domains"' in task:
            return {"domains": group(rows)}
        return {"answer": "ready"}

    def _judgement(self, row: Row) -> Row:
        bad = self.is_anomalous(row)
        return {
            "id": row["id"],
            "label": "anomalous" if bad else "normal",
            "reason": "it reports a fault" if bad else "it reports regular work",
        }

    def _opinion(self, rows: list[Row], *, proposes: bool) -> Row:
        shown = [row["id"] for row in rows if row["id"][0] == "l"][:2]
        said = {"severity": "error", "type": "disk failure", "summary": "A disk has failed."}
        said |= {"evidence": shown, "would_disprove": "The disk answers."}
        return said | ({"recommended_action": "Replace the disk."} if proposes else {})

    def _alarm(self, row: Row) -> Row:
        word = _ALARM.search(row["message"])
        kind = word[0].lower() if word else "other"
        severity = "critical" if "fatal" in row["message"].lower() else "error"
        summary = f"a line says {kind}"
        return {"type": kind, "severity": severity, "summary": summary, "lines": [row["id"]]}

    def _place(self, rows: list[Row]) -> dict[str, Any]:
        names = {row["name"] for row in rows if row["id"].startswith("d")}
        wanted = {row["id"]: _service(row) for row in rows if row["id"].startswith("t")}
        new = sorted(set(wanted.values()) - names)
        return {
            "placements": [{"id": i, "domain": name} for i, name in wanted.items()],
            "new_domains": [{"name": name, "description": "New."} for name in new],
        }

    def reply(self, body: dict[str, Any], fault: str | None) -> str:
        if self.answer is not None:
            return self.answer(body)
        return spoil(self.honest(body), fault)


def _service(row: Row) -> str:
    return str(row.get("service") or row.get("name") or "other").lower()


def group(rows: list[Row]) -> list[Row]:
    members: dict[str, list[str]] = {}
    for row in rows:
        members.setdefault(_service(row), []).append(row["id"])
    return [
        {"name": name, "description": f"What {name} says.", "members": ids}
        for name, ids in sorted(members.items())
    ]


def spoil(answer: dict[str, Any], fault: str | None) -> str:
    """Write an answer down, the way a fault has it."""
    items = (
        next(value for value in answer.values() if isinstance(value, list))
        if (any(isinstance(value, list) for value in answer.values()))
        else []
    )
    members = items[0]["members"] if items and "members" in items[0] else None
    if fault == "invent":
        members.append("t9999") if members is not None else items.append(
            {**items[0], "id": "l9999"}
        )
    elif fault == "omit":
        members.pop() if members is not None else items.pop()
    elif fault == "repeat":
        items[-1]["members"].append(members[0]) if members is not None else items.append(items[0])
    elif fault == "extra":
        answer["note"] = "more than was asked"
    text = json.dumps(answer)
    spoiled = {
        "truncate": text[: len(text) // 2],
        "invalid": "Sure! {judgements: [all normal]}",
        "prose": f"Here is the answer you wanted: {text} I hope that it helps.",
        "fence": f"```json\n{text}\n```",
        "empty": "",
    }
    return spoiled.get(fault or "", text)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener

    def do_POST(self) -> None:
        told = self.server.told
        told.comes()
        try:
            length = int(self.headers["Content-Length"])
            raw = self.rfile.read(length)
            # A client that was killed in the middle of its request has sent nothing to answer.
            if len(raw) == length:
                self._answer(raw)
            else:
                self.close_connection = True
        finally:
            told.leaves()

    def _answer(self, raw: bytes) -> None:
        told = self.server.told
        told.bodies.append(raw)
        body = json.loads(raw)
        if (refusal := told.refusal(body)) is not None:
            self._send(400, {"error": {"message": refusal, "type": "invalid_request_error"}})
            return
        if told.respond is not None:
            status, content, headers = told.respond(body)
            self._send_bytes(status, content, headers)
            return
        if told.raw:
            status, content, headers = told.raw.pop(0)
            self._send_bytes(status, content, headers)
            return
        fault = told.faults.popleft() if told.faults else None
        time.sleep(told.delay + (2.0 if fault == "slow" else 0.0))
        if fault == "429":
            self._send(429, {"error": {"message": "slow down"}}, {"Retry-After": "0.3"})
        elif fault == "500":
            self._send(500, {"error": {"message": "internal"}})
        elif fault == "html":
            self._send_bytes(200, b"<html>proxy</html>", {})
        else:
            self._complete(told.reply(body, fault), body, fault)

    def _complete(self, content: str, body: dict[str, Any], fault: str | None) -> None:
        completion: dict[str, Any] = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": f"{body['model']}-2026",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "length" if fault == "truncate" else "stop",
                    "message": {"role": "assistant", "content": content},
                }
            ],
        }
        if fault != "no_usage":
            sent = len(json.dumps(body["messages"])) // 4
            completion["usage"] = {
                "prompt_tokens": sent,
                "completion_tokens": len(content) // 4,
                "total_tokens": sent + len(content) // 4,
            }
        self._send(200, completion, cut=fault == "break")

    def _send(
        self, status: int, body: object, headers: dict[str, str] | None = None, *, cut: bool = False
    ) -> None:
        self._send_bytes(status, json.dumps(body).encode(), headers or {}, cut=cut)

    def _send_bytes(
        self, status: int, content: bytes, headers: dict[str, str], *, cut: bool = False
    ) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.close_connection = cut

    def log_message(self, *_: object) -> None:
        pass


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    told: LanguageServer


@contextmanager
def language_server(**settings: Any) -> Iterator[LanguageServer]:
    """Run a server while the block runs."""
    told = LanguageServer(**settings)
    listener = _Listener(("127.0.0.1", 0), _Handler)
    listener.told = told
    told.base_url = f"http://127.0.0.1:{listener.server_port}/v1"
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
