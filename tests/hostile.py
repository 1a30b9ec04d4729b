"""Bad files without end, the same for the same seed; what reading them must give is left to `test_hostile.py`."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import zipfile
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"
ABSTRACT = "We show that a made-up model of 3 layers reads long rows of letters. " * 4
TITLE = "A Title of Some Length"
ROW = {"title": TITLE, "abstract": ABSTRACT, "authors": ["A. Writer"], "id": "2401.00001", "published": "2024-01-01"}
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom">{}</feed>'
ENTRY = f"<entry><id>http://arxiv.org/abs/2401.00001v1</id><title>{TITLE}</title><summary>{ABSTRACT}</summary></entry>"
BIB = f"@article{{key,\n title = {{{TITLE}}},\n abstract = {{{ABSTRACT}}},\n year = 2024\n}}\n"
PAGE = (
    '<!doctype html><html><body><div class="SVELTE_HYDRATER" data-target="DailyPapers" data-props="{}"></div></body>'
    "</html>"
)
ESCAPING = (
    "../../escaped",
    "/tmp/escaped",
    "..\\..\\escaped",
    "escaped\0",
    "~/escaped",
    "$(touch escaped)",
    "a/b/../c",
)
NAMES = (
    "-rf", "a\nb.jsonl", "..jsonl", "...", "\U0001f600.csv", "n" * 250, "%2e%2e%2f.bib", "a;b|c&d.json", "[x]*.jsonl",
    " lead.xml", "trail .html", "\u202egpj.html", "con.txt", "$(id).bib", "a'b\"c.csv", "\x1b[31m.txt",
)  # fmt: skip


def _good() -> dict[str, bytes]:
    """Return a good file of each format, to be broken."""
    rows = [json.dumps(ROW | {"title": f"{TITLE} {number}"}) for number in range(4)]
    made = {
        "rows.jsonl": "\n".join(rows),
        "rows.json": f"[{','.join(rows)}]",
        "answer.json": json.dumps([{"paper": {"id": "2401.00001", "title": TITLE, "summary": ABSTRACT}}]),
        "rows.csv": f'title,abstract\n"{TITLE}","{ABSTRACT}"\nOther,"{ABSTRACT}"\n',
        "rows.tsv": f"title\tabstract\n{TITLE}\t{ABSTRACT}\n",
        "dump.txt": f"new\nSubscribe\n{TITLE}\n{ABSTRACT}\n{TITLE} again\n{ABSTRACT}\n",
        "one.bib": BIB,
        "one.xml": ATOM.format(ENTRY),
    }
    fixtures = {path.name: path.read_bytes() for path in sorted(FIXTURES.iterdir()) if path.is_file()}
    return {name: text.encode() for name, text in made.items()} | fixtures


# Files that were made to be bad, each of some size that is drawn


def _laughs(chance: random.Random) -> str:
    """Return XML whose entities grow to billions."""
    grown = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, chance.randint(4, 12)))
    return f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "ha">{grown}]>{ATOM.format(f"<title>&l3;</title>{ENTRY}")}'


def _external(chance: random.Random) -> str:
    """Return XML that asks for a file of this machine, or for an address."""
    place = chance.choice(["file:///etc/passwd", "http://127.0.0.1:9/x", "php://filter", "../catalogue.sqlite"])
    kind = chance.choice(['<!ENTITY x SYSTEM "{}">', '<!ENTITY % x SYSTEM "{}"> %x;', '<!ENTITY x PUBLIC "a" "{}">'])
    return f'<?xml version="1.0"?><!DOCTYPE a [{kind.format(place)}]>{ATOM.format("<title>&x;</title>")}'


def _deep(chance: random.Random) -> str:
    """Return something nested much too deeply."""
    depth = chance.choice([600, 5_000, 60_000])
    return chance.choice(
        [
            "[" * depth,
            '[{"title":' + "[" * depth + "]" * depth + "}]",
            '{"a":' * depth + "1" + "}" * depth,
            '{"title": "a", "abstract": ' + '{"a":' * depth,
            "<html>" + "<div>" * depth,
            "<html>" + "<article><h3><a href='/papers/2401.00001'>" * (depth // 4),
            ATOM.format("<entry>" * depth),
            "@article{a, title = " + "{" * depth,
            "@article{a, abstract = {" + "{\\'" * depth,
            PAGE.format("[" * depth),
        ]
    )


def _giant(chance: random.Random) -> str:
    """Return one line, cell, number or tag without end."""
    size = chance.choice([200_000, 1_500_000])
    return chance.choice(
        [
            json.dumps({"title": "a" * size, "abstract": ABSTRACT}),
            json.dumps({"title": TITLE, "abstract": "word " * (size // 5)}),
            f'{{"title": {"9" * size}}}',
            f'{{"title": "{TITLE}", "abstract": "b", "year": 1e{"9" * 5000}}}',
            f'title,abstract\n"{"a" * size}',
            f"title,abstract\n{',' * size}",
            f"title,{',' * size}abstract\nx,y",
            f"new\n{TITLE}\n{'a b ' * (size // 4)}",
            f"<html><a {'x=1 ' * (size // 8)}>",
            f"<html>{'<!--' * (size // 8)}",
            f"<html>{'<![CDATA[' * (size // 20)}",
            f"<html>{'&#x' * (size // 8)}",
            f"@article{{{'a' * size},",
            f"@article{{a, title = {{{chr(92) * size}}}}}",
            f"@string{{a = {'#a' * (size // 4)}}}",
            ATOM.format(f"<entry><title>{'x' * size}</title></entry>"),
            "@article{a,\n" * (size // 200),
            "\n" * size,
            " " * size + "{",
        ]
    )


def _bomb(chance: random.Random) -> bytes:
    """Return an archive that unpacks to very much."""
    zeros = bytes(20_000_000)
    if chance.random() < 0.5:
        return gzip.compress(zeros, mtime=0)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(chance.choice(["a.jsonl", "../../escaped", "/etc/escaped"]), zeros)
    return held.getvalue()


def _encoded(chance: random.Random) -> bytes:
    """Return good rows in another encoding, or with a mark that is none of theirs."""
    rows = chance.choice([json.dumps(ROW, ensure_ascii=False), f"title,abstract\n{TITLE},é ü 漢字 {ABSTRACT}", BIB])
    codecs = ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "latin-1", "cp1252", "shift_jis", "utf-7", "cp037"]
    mark = chance.choice([b"", b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0"])
    return mark + rows.encode(chance.choice(codecs), "replace")


def _fields(chance: random.Random) -> str:
    """Return rows whose fields are paths, orders, wrong kinds or letters that cannot be kept."""
    wrong = [
        *ESCAPING, None, [], {}, 0, -1, True, 1e308, "\ud800", "\udfff\ud800", "\0", "a\u202eb", "\x1b[2J",
        "<script>alert(1)</script>", "'; DROP TABLE papers; --", "{{7*7}}", "%s%n", "=cmd()", [[["a"]]], {"name": 1},
        "javascript:alert(1)", "9" * 400, "2401.99999v99", "0000-99-99", "-" * 3000,
    ]  # fmt: skip
    rows = []
    for _ in range(chance.randint(1, 30)):
        row: dict[str, object] = dict(ROW)
        for name in chance.sample(["title", "abstract", "id", "_id", "url", "authors", "published", "paper"], 2):
            row[name] = chance.choice(wrong)
        rows.append(json.dumps(row))
    return chance.choice(["\n".join(rows), f"[{','.join(rows)}]", f'{{"dailyPapers": [{",".join(rows)}]}}'])


def _noise(chance: random.Random) -> bytes:
    return chance.choice(
        ["{", "<html>", "<feed>", "@a{b,", "title,abstract\n", "new\n", ""]
    ).encode() + chance.randbytes(chance.choice([1, 100, 5_000, 100_000]))


MADE: tuple[Callable[[random.Random], str | bytes], ...] = (
    _laughs, _external, _deep, _giant, _bomb, _encoded, _fields, _noise,
)  # fmt: skip


def _broken(content: bytes, chance: random.Random) -> bytes:
    """Return a good file with a few faults."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at, size = chance.randrange(len(data) + 1), chance.choice([1, 4, 60, 400])
        kind = chance.randrange(7)
        if kind == 0:
            del data[at:]
        elif kind == 1:
            data[at : at + size] = chance.randbytes(size)
        elif kind == 2:
            data[at:at] = b"\0" * chance.randint(1, 3)
        elif kind == 3:
            data[at:at] = data[at : at + size] * chance.choice([2, 50])
        elif kind == 4:
            data[at:at] = (
                chance.choice([b"<", b">", b'"', b"{", b"}", b"\\", b"&", b"]]>", b"-->", b"\r", b"\x85"]) * size
            )
        elif kind == 5:
            del data[at : at + size]
        else:
            data[at:at] = chance.choice(ESCAPING).encode()
    return bytes(data)


def bad_files(number: int, seed: int = 5) -> Iterator[tuple[bytes, bytes]]:
    """Yield names of files, as bytes, no two alike, and what they hold."""
    good = list(_good().items())
    yield from islice(_endless(good, random.Random(seed)), number)


def _endless(good: list[tuple[str, bytes]], chance: random.Random) -> Iterator[tuple[bytes, bytes]]:
    for each in count():
        if each % 2:
            name, content = good[each // 2 % len(good)]
            content = _broken(content, chance)
        else:
            made = MADE[each // 2 % len(MADE)](chance)
            content = made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")
            name = chance.choice(["x", "x.jsonl", "x.json", "x.csv", "x.bib", "x.xml", "x.html", "x.txt"])
        if each % 9 == 0:
            name = chance.choice(NAMES)
        raw = name.encode() if each % 25 else b"\xff\xfe" + name.encode()[:100]
        yield (f"{each:04}-".encode() + raw)[:255] if each % 2 else (raw[:240] + f"-{each}".encode())[:255], content


def write_all(folder: Path, number: int) -> list[Path]:
    """Write bad files into a folder and return their paths; a name that the file system refuses is made plain."""
    paths = []
    for each, (name, content) in enumerate(bad_files(number)):
        path = folder / os.fsdecode(name.replace(b"/", b"_").replace(b"\0", b"_"))
        try:
            path.write_bytes(content)
        except OSError:
            path = folder / f"plain{each}"
            path.write_bytes(content)
        paths.append(path)
    return paths
