"""Recognition of names of people and places in free text, by Presidio."""

from __future__ import annotations

from pathlib import Path

from fame_sql.llm.failures import LanguageModelError
from fame_sql.llm.redaction import Recogniser

ENTITIES = ("PERSON", "LOCATION", "NRP", "PHONE_NUMBER", "IBAN_CODE", "CREDIT_CARD")
SPACY_MODELS = ("en_core_web_lg", "en_core_web_trf", "en_core_web_md", "en_core_web_sm")


def presidio_recogniser(language: str = "en", model: Path | str | None = None) -> Recogniser:
    """Return a recogniser that uses Presidio's analyzer.

    Parameters
    ----------
    language : str
        The language of the messages.
    model : Path or str, optional
        An installed spaCy model, or a folder with one; by default the first installed one of
        ``SPACY_MODELS``. Models are never downloaded, which Presidio itself would do.

    Raises
    ------
    LanguageModelError
        If Presidio is not installed, or no spaCy model is.
    """
    try:
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import NlpEngineProvider
    except ImportError:
        raise LanguageModelError(
            "--presidio needs Presidio: run \"pip install 'fame-sql[presidio]'\", or leave "
            "--presidio out"
        ) from None
    name = _installed() if model is None else str(model)
    settings = {
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": language, "model_name": name}],
    }
    provider = NlpEngineProvider(nlp_configuration=settings)
    engine = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=[language])

    def recognise(text: str) -> list[tuple[int, int, str]]:
        found = engine.analyze(text=text, language=language, entities=list(ENTITIES))
        return [(result.start, result.end, result.entity_type) for result in found]

    return recognise


def _installed() -> str:
    from spacy.util import is_package

    for name in SPACY_MODELS:
        if is_package(name):
            return name
    raise LanguageModelError(
        f"--presidio needs a spaCy model and none of {', '.join(SPACY_MODELS)} is installed: run "
        f"'python -m spacy download {SPACY_MODELS[0]}', or leave --presidio out"
    )
