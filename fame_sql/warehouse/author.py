"""The person at work, stored with the decisions that they take."""

from __future__ import annotations

import getpass
import os


def system_user() -> str | None:
    """Return the name of the operating system's user.

    Returns
    -------
    str or None
        The user's number if they have no name, as in many containers; None if the system has
        neither.
    """
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else None
