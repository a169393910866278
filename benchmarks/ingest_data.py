"""Logs of any length for the benchmark of ingest, in which nine of ten messages are distinct.

A sample that is repeated would be met by caches of texts, which real logs do not meet.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

REPEATED = 0.09
START = datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)

_BGL = (
    "instruction cache parity error corrected",
    "generating core.{n}",
    "{n} double-hummer alignment exceptions",
    "CE sym {d}, at 0x{h}, mask 0x{b}",
    "ciod: failed to read message prefix on control stream (socket to 172.16.{d}.{d}:{n})",
    "total of {d} ddr error(s) detected and corrected over {n} seconds",
    "rts: kernel terminated for reason {n}, address 0x{h}",
)
_APPS = (
    "user {n} logged in from 10.{d}.{d}.{d}",
    "request {h} took {d}.{d} ms, {n} bytes",
    "cannot open /var/lib/app/{h}/data.{d}: No such file or directory",
    "retry {d} of job {n} after timeout of {d} s",
    "cache miss for key user:{n}:{h}",
)
_PATHS = ("/api/v2/users/{n}", "/static/{h}.js", "/search?q={h}&page={d}", "/img/{n}/{d}.png")


def write(path: Path, kind: str, lines: int, seed: int = 0) -> Path:
    """Write a log of ``lines`` lines of one kind: ``bgl``, ``json`` or ``access``."""
    chance = random.Random(seed)
    line = _LINES[kind]
    with path.open("w", encoding="utf-8") as file:
        for number in range(lines):
            moment = START + timedelta(milliseconds=37 * number)
            file.write(line(moment, chance) + "\n")
    return path


def _filled(texts: tuple[str, ...], chance: random.Random) -> str:
    """Return one of the texts; one in eleven messages is one that has been there before."""
    again = chance.random() < REPEATED
    source = random.Random(chance.randrange(100)) if again else chance
    text = source.choice(texts)
    parts: list[str] = []
    for number, part in enumerate(text.split("{")):
        parts.append(part if number == 0 else _value(part[0], source) + part[2:])
    return "".join(parts)


def _value(kind: str, chance: random.Random) -> str:
    if kind == "n":
        return str(chance.randrange(1000, 10_000_000))
    if kind == "d":
        return str(chance.randrange(256))
    return f"{chance.randrange(1 << 32):08x}" if kind == "h" else f"{chance.randrange(256):02x}"


def _bgl(moment: datetime, chance: random.Random) -> str:
    node = f"R{chance.randrange(64):02d}-M{chance.randrange(2)}-N{chance.randrange(16)}-C:J02-U01"
    level = chance.choice(("INFO", "INFO", "INFO", "WARNING", "ERROR", "FATAL"))
    written = f"{moment:%Y-%m-%d-%H.%M.%S.%f}"
    head = f"- {int(moment.timestamp())} {moment:%Y.%m.%d} {node} {written} {node} RAS KERNEL"
    return f"{head} {level} {_filled(_BGL, chance)}"


def _json(moment: datetime, chance: random.Random) -> str:
    return json.dumps(
        {
            "ts": moment.isoformat(),
            "level": chance.choice(("info", "info", "warn", "error")),
            "service": chance.choice(("api", "web", "worker")),
            "host": f"host-{chance.randrange(40)}",
            "msg": _filled(_APPS, chance),
            "pid": chance.randrange(100, 30000),
        }
    )


def _access(moment: datetime, chance: random.Random) -> str:
    client = ".".join(str(chance.randrange(256)) for _ in range(4))
    status = chance.choice((200, 200, 200, 304, 404, 500))
    size = chance.randrange(100_000)
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
    request = f"GET {_filled(_PATHS, chance)} HTTP/1.1"
    return (
        f'{client} - - [{moment:%d/%b/%Y:%H:%M:%S %z}] "{request}" {status} {size} '
        f'"https://example.com/{chance.randrange(100)}" "{agent}"'
    )


_LINES: dict[str, Callable[[datetime, random.Random], str]] = {
    "bgl": _bgl,
    "json": _json,
    "access": _access,
}
