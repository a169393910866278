"""Names of people and places in free text, by Presidio, where it is installed."""

from __future__ import annotations

from fame_sql.llm.failures import LanguageModelError
from fame_sql.llm.redaction import Recogniser

ENTITIES = ("PERSON", "LOCATION", "NRP", "PHONE_NUMBER", "IBAN_CODE", "CREDIT_CARD")


def presidio_recogniser(language: str = "en") -> Recogniser:
    """Return a recogniser that asks Presidio's analyzer.

    Parameters
    ----------
    language : str
        The language of the messages; Presidio needs a spaCy model for it.

    Raises
    ------
    LanguageModelError
        If Presidio is not installed.
    """
    try:
        from presidio_analyzer import AnalyzerEngine
    except ImportError:
        raise LanguageModelError(
            "--presidio needs Presidio: run \"pip install 'fame-sql[presidio]'\", or leave it out"
        ) from None
    engine = AnalyzerEngine()

    def recognise(text: str) -> list[tuple[int, int, str]]:
        found = engine.analyze(text=text, language=language, entities=list(ENTITIES))
        return [(result.start, result.end, result.entity_type) for result in found]

    return recognise
