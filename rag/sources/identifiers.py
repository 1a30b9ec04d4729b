"""Recognises arXiv ids and the addresses that may be shown as links; which field they come from is left to `record`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

__all__ = ["arxiv_id", "shown_url"]

# The archives that gave out ids before April 2007 (https://info.arxiv.org/help/arxiv_identifier.html); a closed list,
# so that a record's own id such as `draft/1234567` is not taken for one.
ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga"
    "|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph"
    "|q-alg|q-bio|quant-ph|solv-int|stat|supr-con"
)
MONTH = "(?:0[1-9]|1[0-2])"
NEW = rf"(?P<new>[0-9]{{2}}{MONTH}\.[0-9]{{4,5}})"
OLD = rf"(?P<archive>{ARCHIVES})(?:\.[a-z]{{2}})?/(?P<old>[0-9]{{2}}{MONTH}[0-9]{{3}})"
ID = f"{NEW}|{OLD}"
BARE = re.compile(rf"(?:arxiv:\s?)?(?:{ID})(?:v[0-9]{{1,3}})?", re.IGNORECASE)
PLACES = (
    r"(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format|src|ps)/"
    r"|(?:www\.)?huggingface\.co/papers/"
    r"|(?:dx\.)?doi\.org/10\.48550/arxiv\."
)
ADDRESS = re.compile(rf"https?://(?:{PLACES})(?:{ID})(?:v[0-9]{{1,3}})?(?:\.pdf)?(?=$|[/?#])", re.IGNORECASE)

HUGGING_FACE = "huggingface.co"
MIRRORS = frozenset({"huface.online", "hf-proxy-2.923828430.workers.dev", "hf-proxy-cf.effarig.site"})
KNOWN_HOSTS = frozenset({HUGGING_FACE, "arxiv.org", "doi.org", "openreview.net", "aclanthology.org", "github.com"})
LONGEST_URL = 2_000
URL_CHARACTERS = re.compile(r"[!#-;=?-\[\]_a-z~]+")


def arxiv_id(value: object) -> str | None:
    """Return the arXiv id in an id or address, without its version and subject class, or None.

    Takes `2005.11401v4`, `arXiv:2005.11401`, `math.GT/0309136` and addresses of arxiv.org, huggingface.co/papers and
    arXiv's DOIs.
    """
    if not isinstance(value, str) or len(value) > LONGEST_URL:
        return None
    text = value.strip()
    match = ADDRESS.match(_without_mirror(text)) if "://" in text else BARE.fullmatch(text)
    if match is None:
        return None
    return match["new"] or f"{match['archive'].lower()}/{match['old']}"


def shown_url(value: object) -> str | None:
    """Return an address that may be shown as a link, or None: https, a known host, nothing that could mislead."""
    if not isinstance(value, str) or len(value) > LONGEST_URL or "://" not in value:
        return None
    text = _without_mirror(value.strip())
    if URL_CHARACTERS.fullmatch(text) is None:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    # The whole authority is compared: a user name or a port in front of or behind a known host is refused too.
    host = parts.netloc.lower().removeprefix("www.")
    return urlunsplit(parts) if parts.scheme == "https" and host in KNOWN_HOSTS else None


def _without_mirror(url: str) -> str:
    scheme, found, rest = url.partition("://")
    host, slash, tail = rest.partition("/")
    return f"https://{HUGGING_FACE}{slash}{tail}" if found and scheme and host.lower() in MIRRORS else url
