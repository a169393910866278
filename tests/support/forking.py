"""A process that has imported fame-sql, and forks a child for each request on its standard input.

Requests are JSON, one on each line: ``{"call": "module:function", "arguments": [...], …}`` starts a
child and answers its number; ``{"wait": number, "seconds": …}`` answers its exit status, or null.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from typing import Any

_IMPORTED = (
    "drain3",
    "duckdb",
    "fame_sql.cli",
    "fame_sql.cli.serve",
    "fame_sql.evaluation",
    "fame_sql.ingest",
    "fame_sql.models.card",
    "fame_sql.operations.alerts",
    "fame_sql.operations.counts",
    "fame_sql.pipeline.doctor",
    "fame_sql.pipeline.pipeline",
    "fame_sql.planner",
    "fame_sql.serve.commands.words",
    "fame_sql.serve.server",
    "fame_sql.serve.sql.parts",
    "fame_sql.session.session",
    "fame_sql.storage.compaction",
    "fame_sql.storage.expiry",
    "fame_sql.storage.partitions",
    "fame_sql.warehouse.backup",
    "fame_sql.warehouse.upgrade",
    "openai",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "safetensors.numpy",
    "scipy.cluster.hierarchy",
    "sklearn.cluster",
    "sklearn.linear_model",
    "sqlglot.optimizer.normalize_identifiers",
)
"""What commands import when they are needed: no child should do so in its turn."""


def main() -> None:
    for name in _IMPORTED:
        importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        answer = _waited(**request) if "wait" in request else _forked(request)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _forked(request: dict[str, Any]) -> int:
    pid = os.fork()
    if not pid:
        _run(request)
    return pid


def _waited(wait: int, seconds: float) -> int | None:
    until = time.monotonic() + seconds
    while True:
        pid, status = os.waitpid(wait, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            return None
        time.sleep(min(0.002, max(until - time.monotonic(), 0)))


def _run(request: dict[str, Any]) -> None:
    """Call the function of a request as a program of its own, and end."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for given, number in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(given, number)
    for name, most in request["limits"].items():
        resource.setrlimit(getattr(resource, name), (most, most))
    module, _, function = request["call"].partition(":")
    sys.argv = ["fame", *request["arguments"]]
    code = 1
    try:
        getattr(importlib.import_module(module), function)(request["arguments"])
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
