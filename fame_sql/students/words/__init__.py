"""Students that read words: linear heads over words and parts of words, without an encoder."""

from __future__ import annotations
