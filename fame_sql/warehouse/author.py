"""The person at work, stored with the decisions that they take."""

from __future__ import annotations

import getpass
import os

from fame_sql.warehouse.sharing import shared_author


def system_user() -> str | None:
    """Return the name of the operating system's user; in a server, of who asked for the command.

    Returns
    -------
    str or None
        The user's number if they have no name, as in many containers; None if the system has
        neither.
    """
    if (asking := shared_author()) is not None:
        return asking
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else None
