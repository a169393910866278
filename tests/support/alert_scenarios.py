"""Scenarios of alerts: incidents on a clock of their own, and what each channel receives.

A scenario is a TOML file with ``settings``, ``steps`` and what is to come of them. A step is a time
and a word: ``open``, ``update``, ``end``, ``correct`` and ``silence``, ``dismiss``, ``set``,
``answer``, ``mail`` and ``run``; ``model`` makes a first model and ``recount`` counts all lines
again; ``write`` puts settings into the table unchecked, as another version or a hand would, and
``clock`` sets the clock back.
``received`` has the time and the text of each message by channels.
"""

from __future__ import annotations

import shlex
import shutil
import tomllib
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alert_servers import Receivers, Request

from fame_sql import sql
from fame_sql.operations.alerts import PassReport, run_pass
from fame_sql.operations.alerts.durations import duration
from fame_sql.operations.alerts.journal import journal_of
from fame_sql.operations.alerts.listing import retry_all
from fame_sql.operations.alerts.silences import add_silence
from fame_sql.operations.alerts.stored_settings import store_settings
from fame_sql.operations.incidents import Change, Incident
from fame_sql.warehouse import settings
from fame_sql.warehouse.warehouse import Warehouse

KEY = "0123456789abcdef0123456789abcdef"


@dataclass
class FakeClock:
    """A clock that goes on when it is set, or when somebody waits."""

    time: datetime

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class ListedChanges:
    """Changes of incidents that a scenario makes."""

    listed: list[Change] = field(default_factory=list)
    covered: dict[str, str] = field(default_factory=dict)

    def update(self, warehouse: Warehouse, now: datetime) -> None:
        """Do nothing: the scenario has the changes."""

    def changes(self, warehouse: Warehouse, after: int) -> list[tuple[int, Change]]:
        return list(enumerate(self.listed, 1))[after:]

    def dismissed(self, warehouse: Warehouse) -> dict[str, str]:
        return self.covered


def an_incident(name: str, at: datetime, **given: Any) -> Incident:
    """Return an incident of the service ``shop`` unless given otherwise."""
    values: dict[str, Any] = {
        "incident_id": name,
        "fingerprint": f"f-{name}",
        "service_name": "shop",
        "domain": "payment",
        "templates": ("order <*> failed",),
        "severity": "error",
        "state": "open",
        "first_seen": at,
        "last_seen": at,
        "lines": 10,
        "lines_to_read": 2,
        "counts": 0,
        "worst_score": 0.9,
        "summary": f"trouble {name}",
        "examples": (),
    }
    return Incident(**values | given)


class Play:
    """Plays a scenario against local servers, with a warehouse of its own."""

    def __init__(self, warehouse: Path, servers: Receivers, clock: FakeClock) -> None:
        self.warehouse, self.servers, self.clock = warehouse, servers, clock
        self.source = ListedChanges()
        self._opened: Warehouse | None = None
        self.incidents: dict[str, Incident] = {}
        self.reports: list[PassReport] = []
        self.environment = {
            "PD_KEY": KEY,
            "HTTP": servers.http,
            "OPS": f"{servers.http}/ops",
            "HOOK": f"{servers.http}/hook",
            "PD": f"{servers.http}/pd",
            "AM": f"{servers.http}/am",
            "BEAT": f"{servers.http}/beat",
            "SMTP": servers.smtp,
            "GONE": "http://127.0.0.1:9/gone",
        }

    def opened(self) -> AbstractContextManager[Warehouse]:
        """Return the warehouse, which stays open: other tests open it for each step."""
        if self._opened is None:
            self._opened = Warehouse.open(self.warehouse)
        return nullcontext(self._opened)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def reopen(self) -> None:
        """Close the warehouse, which is opened again at the next step."""
        self.close()
        self._opened = None

    def set(self, settings: str) -> None:
        with self.opened() as opened:
            store_settings(opened, settings, "tester", self.clock.now(), force=True)

    def write(self, settings: str) -> None:
        with self.opened() as opened:
            statement = sql.load("operations/alerts/add_settings")
            opened.connection.execute(statement, [settings, "tester", self.clock.now()])

    def run(self) -> PassReport:
        report = run_pass(
            self.warehouse,
            self.opened,
            self.source,
            clock=self.clock,
            environment=self.environment,
        )
        self.reports.append(report)
        return report

    def change(self, name: str, transition: str, **given: Any) -> None:
        at = self.clock.now()
        known = self.incidents.get(name)
        incident = replace(known, **given) if known else an_incident(name, at, **given)
        self.incidents[name] = incident
        self.source.listed.append(Change(incident, transition, at))  # type: ignore[arg-type]

    def step(self, at: datetime, words: str) -> None:
        verb, *rest = shlex.split(words)
        self.clock.time = at if verb == "clock" else max(self.clock.time, at)
        given = dict(word.split("=", 1) for word in rest if "=" in word)
        names = [word for word in rest if "=" not in word]
        _VERBS[verb](self, names, given)


def _open(play: Play, names: list[str], given: dict[str, str]) -> None:
    count = int(given.pop("many", 1))
    for name in names:
        for number in range(count):
            one = name if count == 1 else f"{name}{number:03d}"
            verb = "reopened" if one in play.incidents else "opened"
            if "silenced" in given:
                play.source.covered.pop(one, None)
            play.change(one, verb, state="open", **{"last_seen": play.clock.now()} | _values(given))


def _update(play: Play, names: list[str], given: dict[str, str]) -> None:
    for name in names:
        play.change(name, "worsened", state="worsened", **_values(given))


def _end(play: Play, names: list[str], given: dict[str, str]) -> None:
    matching = [n for n in play.incidents if n in names or (given.get("all") and n[0] in names)]
    for name in matching:
        play.change(name, "resolved", state="resolved")


def _correct(play: Play, names: list[str], given: dict[str, str]) -> None:
    for name in names:
        play.change(name, "corrected", **_values(given))


def _silence(play: Play, names: list[str], given: dict[str, str]) -> None:
    now = play.clock.now()
    end = now + duration(given["for"], "for")
    with play.opened() as opened:
        add_silence(opened, given["match"], end, "ann", given.get("why", "known"), now)


def _dismiss(play: Play, names: list[str], given: dict[str, str]) -> None:
    for name in names:
        play.incidents[name] = replace(play.incidents[name], silenced=True, known="dismissed")
        play.source.covered[name] = "dismissed"


def _expire(play: Play, names: list[str], given: dict[str, str]) -> None:
    for name in names:
        play.incidents[name] = replace(play.incidents[name], silenced=False)
        play.source.covered.pop(name, None)
        if play.incidents[name].state != "resolved":
            play.change(name, "reopened")


def _answers(play: Play, names: list[str], given: dict[str, str]) -> None:
    for channel, said in given.items():
        play.servers.answers[channel] = deque(_answer(each) for each in said.split("|"))


def _answer(text: str) -> Any:
    if text in ("hang", "reset"):
        return text
    status, _, rest = text.partition(" ")
    body, _, wait = rest.partition(" after ")
    return int(status), body, ({"Retry-After": wait} if wait else {})


def _copy(play: Play, names: list[str], given: dict[str, str]) -> None:
    play.reopen()
    shutil.copy(play.warehouse, f"{play.warehouse}.copy")


def _put_back(play: Play, names: list[str], given: dict[str, str]) -> None:
    play.reopen()
    shutil.copy(f"{play.warehouse}.copy", play.warehouse)


def _garble(play: Play, names: list[str], given: dict[str, str]) -> None:
    journal_of(play.warehouse).write_bytes(b'\x00\xff{"end": 1}\n{"pass": "no time"}\n[]\n7\n')


def _mail(play: Play, names: list[str], given: dict[str, str]) -> None:
    play.servers.data = deque([given["says"]])


def _model(play: Play, names: list[str], given: dict[str, str]) -> None:
    with play.opened() as opened:
        opened.connection.execute(
            "INSERT INTO fame.models SELECT 'v', 'v', 'h', 'r', '{}', 'champion', $at, $at",
            {"at": play.clock.now()},
        )


def _recount(play: Play, names: list[str], given: dict[str, str]) -> None:
    with play.opened() as opened:
        at = play.clock.now().isoformat()
        settings.write(opened.connection, settings.INCIDENTS_RECOUNTED, at)


def _retry(play: Play, names: list[str], given: dict[str, str]) -> None:
    with play.opened() as opened:
        retry_all(opened, play.clock.now())


def _values(given: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = dict(given)
    if "service" in values:
        values["service_name"] = values.pop("service")
    if "counts" in values:
        values |= {"counts": int(values["counts"]), "worst_score": None}
    if "lines" in values:
        values["lines"] = int(values["lines"])
    if "examples" in values:
        values["examples"] = tuple(values["examples"].split("|"))
    for name in ("first_seen", "last_seen"):
        if name in values:
            values[name] = datetime.fromisoformat(values[name])
    return values


_VERBS: dict[str, Callable[[Play, list[str], dict[str, str]], None]] = {
    "open": _open,
    "update": _update,
    "end": _end,
    "correct": _correct,
    "silence": _silence,
    "dismiss": _dismiss,
    "expire": _expire,
    "answer": _answers,
    "copy": _copy,
    "put-back": _put_back,
    "garble": _garble,
    "mail": _mail,
    "retry": _retry,
    "model": _model,
    "recount": _recount,
    "run": lambda play, names, given: _run(play, given),
    "set": lambda play, names, given: play.set(play.settings[names[0]]),  # type: ignore[attr-defined]
    "write": lambda play, names, given: play.write(play.settings[names[0]]),  # type: ignore[attr-defined]
    "clock": lambda play, names, given: None,
    "env": lambda play, names, given: play.environment.update(given),
}


def _run(play: Play, given: dict[str, str]) -> None:
    if "every" not in given:
        play.run()
        return
    until = play.clock.now() + duration(given["for"], "for")
    while play.clock.now() <= until:
        at = play.clock.now()
        play.run()
        play.clock.time = max(play.clock.time, at + duration(given["every"], "every"))


def play_file(path: Path, play: Play) -> dict[str, Any]:
    """Play the scenario of a file, and return what it says should come of it."""
    scenario = tomllib.loads(path.read_text(encoding="utf-8"))
    play.settings = {"settings": scenario["settings"], **scenario.get("other", {})}  # type: ignore[attr-defined]
    play.set(scenario["settings"])
    day = play.clock.now().date()
    steps = [
        (datetime.fromisoformat(time if "T" in time else f"{day}T{time}"), words)
        for time, words in scenario["steps"]
    ]
    play.clock.time = steps[0][0]
    for at, words in steps:
        play.step(at, words)
    return scenario


def received(servers: Receivers) -> dict[str, list[str]]:
    """Return what each channel received, one line for each message."""
    said = {
        channel: [shown(channel, request) for request in requests]
        for channel, requests in servers.received.items()
    }
    mails = [
        f"{at:%H:%M:%S} {len(to)} {' '.join(mail['Subject'].split())}"
        for at, to, mail in servers.mails
    ]
    return said | ({"mail": mails} if mails else {})


def shown(channel: str, request: Request) -> str:
    """Return what a request says, on one line."""
    body = request.body
    if isinstance(body, list):
        said = "; ".join(_alert(alert) for alert in body)
    elif channel == "beat":
        said = "beat"
    elif "event_action" in body:
        said = f"{body['event_action']} {body['dedup_key']}"
        payload = body.get("payload")
        said += f" {payload['severity']}: {payload['summary']}" if payload else ""
    else:
        said = body.get("text") or body.get("headline")
        notes = [item["note"].partition(";")[0] for item in body.get("incidents", ())]
        said += "".join(f" [{note}]" for note in dict.fromkeys(notes) if note)
    return f"{request.at:%H:%M:%S} {said}"


def _alert(alert: dict[str, Any]) -> str:
    labels = alert["labels"]
    return f"{labels['fingerprint']} {labels.get('severity')} until {alert['endsAt'][11:19]}"
