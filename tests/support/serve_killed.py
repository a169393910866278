"""A server that is killed, or ends in order once a file ``done`` lies beside its warehouse."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fame_sql.cli import main

DONE = "done"


def run(arguments: list[str]) -> None:
    """Run a command as a child of the harness of kills; ``serve`` until nobody sends any more."""
    if arguments[0] == "serve":
        # The thread begins with the server, once the command has seen that there is memory enough:
        # Python waits for ever for a thread that has too little to begin.
        module: Any = sys.modules["fame_sql.cli.serve"]
        serve = module.run

        def serve_until_done(server: object, notes: Sequence[str]) -> None:
            threading.Thread(target=_end_when_done, daemon=True).start()
            serve(server, notes)

        module.run = serve_until_done
    main(arguments)


def _end_when_done() -> None:
    while not Path(DONE).exists() or signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
