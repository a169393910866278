"""Lines that read like orders to a language model, which are asked about alone."""

from __future__ import annotations

import re
import unicodedata

_ORDERS = re.compile(
    r"(?i)\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|rule|prompt|above|"
    r"previous|prior|earlier|all|system|everything)"
    r"|\b(?:you are|you're|act as|pretend|from now on|as an ai|dear (?:ai|model|assistant)|"
    r"language model|assistant|llm|chatgpt|gpt|claude)\b.{0,60}\b(?:must|should|now|label|judge|"
    r"answer|classif|mark|treat|return|respond|call|rate|evaluat|to|are)\b"
    r"|\b(?:label|mark|judge|classify|call|rate|report|treat|consider|return|answer|respond|output|"
    r"count|deem|declare|set|flag|tag)\b.{0,60}\b(?:normal|anomalous|anomaly|benign|harmless|fine|"
    r"json|row|rows|line|lines|label|labels|every|everything)\b"
    r"|\b(?:all|every|each|other|following|remaining|next|previous|these|other)\b.{0,30}\b(?:row|"
    r"line|entr|record|message|event|log)\w*\b.{0,40}\b(?:is|are|as|be|was|were)\b.{0,30}"
    r"\b(?:normal|anomalous|benign|fine|harmless|expected|safe|anomal|false)"
    r"|\b(?:system|developer|admin|operator)\s?(?:prompt|message|note|instruction|override)\b"
    r"|<\|?/?(?:system|user|assistant|im_start|im_end|inst|s|data|instructions?)\|?>"
    r"|\[/?(?:system|inst|user|assistant)\]|###\s?(?:system|instruction|response)"
    r"|\bDATA [\w]{4,} (?:BEGINS|ENDS)\b|\"?judgements\"?\s?:|\"label\"\s?:|\"(?:id|reason)\"\s?:"
    r"|\b(?:attention|important|note|warning|notice)\b.{0,20}\b(?:reviewer|grader|labell?er|"
    r"annotator|model|ai|assistant|judge)\b"
    r"|\bend of (?:data|log|logs|rows|input|prompt)\b|\bnew (?:task|instructions?|rules?)\b"
    r"|\b(?:nothing|no (?:row|line|anomal\w*|fault|error|problem)s?)\b.{0,20}\b(?:here|below|above|"
    r"in this batch)\b.{0,30}\b(?:anomal|wrong|fault|report)"
    r"|\b(?:invert|reverse|flip|swap)\b.{0,30}\b(?:your|labels?|answers?|judge?ments?)\b"
    r"|\b(?:rows?|lines?|zeilen?|lignes?|l[ií]neas?)\b.{0,60}\bnormal(?:es|e)?\b"
    r"|\b(?:ignoriere|ignorez|ignora|vergiss|oubliez|olvida)\b"
    r"|<\|[\w ]{2,30}\|>|<(?:start|end)_of_turn>|\b(?:human|assistant) ?: "
    r"|\b(?:rows?|lines?|messages?|entries|records|faults?|ones|what|whatever|everything)\b"
    r"(?: (?:that|which|you))? (?:below|above|comes? (?:next|after)|follows?|you see)\b"
    r"|\byour (?:answers?|reply|output|labels?|rules|policy|score|evaluation|verdicts?)\b"
    r"|\b(?:answer key|known answers?|gold standard|expected (?:output|answers?|labels?)"
    r"|canary rows?)\b"
)
_SHOWN = 4000
_TAGS = {0xE0000 + ascii_: ascii_ for ascii_ in range(0x20, 0x7F)}
_INVISIBLE = {0x00AD, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F)}
_SEEN = {**dict.fromkeys({*_INVISIBLE, *range(0x2060, 0x2070)}), **_TAGS}


def looks_like_an_order(text: str) -> bool:
    """Return whether a line speaks to whoever judges it, rather than about the system.

    A guess that is right often enough to be worth a request of its own; what it misses is left to
    the rows with a known answer in every request, and to the second reading. Letters that only
    look otherwise, and those that nobody sees, are read as a model reads them.
    """
    seen = unicodedata.normalize("NFKC", text[:_SHOWN].translate(_SEEN))
    return _ORDERS.search(" ".join(seen.split())) is not None
