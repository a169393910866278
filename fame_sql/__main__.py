"""The program ``fame``, also as ``python -m fame_sql``."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line; an interrupt while it is being imported ends it without a word."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from fame_sql.cli import main as run

    signal.signal(signal.SIGINT, handler)
    run()


if __name__ == "__main__":
    main()
