"""Who is at work, for what is to be kept of decisions."""

from __future__ import annotations

import getpass
import os


def system_user() -> str | None:
    """Return the name of the operating system's user.

    Returns
    -------
    str or None
        The user's number where it has no name, as in many containers; None where there is
        neither.
    """
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else None
