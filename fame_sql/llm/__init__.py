"""The one-time pass: a language model is asked through a ledger, redacted, checked and priced.

Nothing here is imported by the stages at run time; ``openai`` and ``pydantic`` come with the
extra ``fame-sql[llm]``.
"""

from __future__ import annotations
