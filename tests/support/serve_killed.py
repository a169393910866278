"""A server that is killed, or ends in order once a file ``done`` lies beside its warehouse."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

from fame_sql.cli import main

DONE = "done"


def run(arguments: list[str]) -> None:
    """Run a command as a child of the harness of kills; ``serve`` until nobody sends any more."""
    if arguments[0] == "serve":
        threading.Thread(target=_end_when_done, daemon=True).start()
    main(arguments)


def _end_when_done() -> None:
    while not Path(DONE).exists() or signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
