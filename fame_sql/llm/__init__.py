"""Requests to a language model: redacted, recorded in a ledger, checked and priced.

They are needed once, before the training. Scoring imports nothing from here. ``openai`` and
``pydantic`` come with the extra ``fame-sql[llm]``.
"""

from __future__ import annotations
