"""Whether a text gives orders to the model that reads it; what follows from that is left to others.

It is a net with holes, and only used where a false alarm costs little: on 844 real abstracts it gives one.
"""

from __future__ import annotations

import re

__all__ = ["gives_orders"]

READER = r"(?:assistants?|language models?|llms?|chat-?bots?|you|readers?|agents?)"
SAY = (
    r"(?:say|reply|respond|answer|write|print|output|state|repeat|tell|claim|report|cite|mention|greet|end|begin|open)"
)
LEAD = r"(?:please |instead |always |only |simply )*"
ORDERS = re.compile(
    r"<\|[a-z_]+\|>|\[/?(?:inst|system|sys|user|assistant)\]|<</?sys>>|</?(?:system|evidence|source|abstract|user)>"
    r"|<!--"
    r"|\b(?:ignore|disregard|forget|override|never mind)\b.{0,40}\b(?:instructions?|above|previous|prior|rules?|that"
    r"|prompts?|everything|earlier)\b"
    r"|\bnot in the evidence\b|\byou were (?:given|told)\b|\b(?:tell|inform) (?:the |your )?(?:users?|readers?)\b"
    rf"|\b{READER} (?:must|should|shall|has to|have to|may not|cannot)\b.{{0,30}}\b{SAY}\b"
    rf"|\b{READER} (?:is|are) (?:not |never )?(?:allowed|permitted|required|instructed|told|forbidden) to\b"
    r"|\byou are (?:now|no longer)\b|\byour (?:reply|response|instructions|prompt)\b"
    rf"|\b(?:note|message|instructions?|hint) (?:to|for) (?:the |any |an )?{READER}\b"
    rf"|(?:^|[.:;!,]\s+){LEAD}(?:do not|don't|never) {SAY}\b"
    rf"|(?:^|[.:;!,-]\s+){LEAD}{SAY} (?:only |just )?(?:that|with|exactly|nothing)\b"
    r"|\b(?:sprachmodell|anweisung(?:en)? an|antworte|modèle de langue|modelo de lenguaje|modello linguistico)\b"
    r"|语言模型"
    r"|\b(?:policy update|end of (?:evidence|context|abstract)|this text is confidential)\b",
    re.I,
)


def gives_orders(text: str) -> bool:
    """Tell whether a text seems to speak to the model that reads it."""
    return ORDERS.search(text) is not None
