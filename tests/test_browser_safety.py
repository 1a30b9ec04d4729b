"""Hostile papers, questions and uploads in a real browser: all is shown as text, and nothing of it runs or loads."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invented import PAPERS

from rag import Answer, Citation, Evidence, Library, Paper, Sentence, Turn, Verdict
from rag.model import Passage
from ui.conversations import Conversations, Talk

pytest_plugins = ["browser"]

AWAY = "https://away.example"
HOSTILE = {
    "script": f"<script>alert(1);fetch('{AWAY}')</script>",
    "image": f"<img src={AWAY}/beacon.png>",
    "handler": "<img src=x onerror=alert(1)>",
    "svg": f"<svg onload=alert(1)><image href={AWAY}/i.png /></svg>",
    "frame": f"<iframe src={AWAY}></iframe><iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "form": f"<form action={AWAY}><button autofocus onfocus=alert(1)>go</button></form>",
    "anchor": "<a href=javascript:alert(1) id=theme>switch</a>",
    "markdown link": f"[read me](javascript:alert(1)) [and me]({AWAY})",
    "markdown image": f"![chart]({AWAY}/chart.png)",
    "autolink": f"<{AWAY}> {AWAY}/page www.away.example a@away.example",
    "style": f"<style>@import url({AWAY}/s.css); * {{ display: none }}</style>",
    "stylesheet": f"<link rel=stylesheet href={AWAY}/s.css><base href={AWAY}>",
    "refresh": f"<meta http-equiv=refresh content='0;url={AWAY}'>",
    "object": f"<object data={AWAY}></object><embed src={AWAY}><video src={AWAY} autoplay></video>",
    "attribute": "\" onmouseover=alert(1) autofocus onfocus=alert(1) x=\" ' onclick='alert(1)",
    "mutation": '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript><!--><script>x</script>',
    "template": "${alert(1)} {{constructor.constructor('alert(1)')()}} #{alert(1)} <%= alert(1) %>",
    "mathematics": r"$\href{javascript:alert(1)}{x}$ \(\unicode{x}\) $$\includegraphics{x}$$",
    "mirror": "\u202egnp.exe\u2066 \u202dabc\u200f",
    "controls": "\x00\x1b[31m\x1b]0;title\x07\x85\u2028 end",
    "closing": "</p></div></details></section></body></html><h1>Paperchat</h1>",
    "quotes": "&lt;script&gt;alert(1)&lt;/script&gt; &#x3C;b&#x3E; &amp;amp;",
}
EXACT = {
    "tilde": "Task~Arithmetic and ~~Task Vectors~~",
    "less": "a<b and b>c, or x<y>z",
    "percent": r"a gain of 5\% over \textbf{base}",
    "stars": "*x* and **y** and _z_ and `w`",
    "power": "$^2$ and $x_1$ and $$E = mc^2$$",
    "list": "1. one - two # three > four | five",
    "entities": "&amp; &lt; &nbsp; &copy;",
    "brackets": "[1] and [a](b) and [[c]] and ![d]",
}
NOTHING_FOREIGN = """() => [...document.querySelectorAll('#chat, #sources, #head, #suggest')].flatMap((part) =>
    [...part.querySelectorAll('script, iframe, form, object, embed, video, style, link, meta, base, img, noscript')]
        .filter((one) => !one.closest('svg'))
        .concat([...part.querySelectorAll('a')].filter((a) => !/^#(src|near)-/.test(a.getAttribute('href'))))
        .concat([...part.querySelectorAll('*')].filter((one) => one.getAttributeNames().some((a) => /^on/.test(a))))
        .map((one) => one.outerHTML.slice(0, 200)))"""


PAYLOADS = {**HOSTILE, **EXACT, "megabyte": "A long tale. " * 80_000}


def turn(number: int, payload: str) -> Turn:
    """Return a turn in which a hostile paper, model and visitor put the payload wherever they can."""
    abstract = f"It is told. Here is {payload}. It is over."[:2_000_000]
    start, end = 12, len(abstract) - len(" It is over.")
    paper = Paper(f"hostile{number}", f"Title {payload[:5000]}", abstract, f"javascript:alert({number})", (payload,))
    passage = Passage(paper.id, 0, 0, len(abstract))
    answer = Answer(
        question=payload[:3000],
        standalone_question=f"Do you mean {payload[:3000]}?",
        text=abstract[start:end],
        sentences=(
            Sentence(abstract[start:end], Verdict.VERBATIM, (1,)),
            Sentence(f"Moreover {payload}", Verdict.UNSUPPORTED, (1, 7), f"says {payload}"),
        ),
        citations=(Citation(1, paper, abstract[start:end], start, end),),
        evidence=tuple(
            Evidence(one, passage, rank, 1.0, {"lexical": 1.0, "dense": 1.0})
            for rank, one in enumerate((paper, replace(paper, id=f"near{number}")), 1)
        ),
        mode=f"model {payload}",
        notice=f"Note {payload}",
    )
    return Turn(answer.question, answer)


TURNS = {name: turn(number, payload) for number, (name, payload) in enumerate(PAYLOADS.items(), 1)}
PLACES = {name: number for number, name in enumerate(TURNS, 1)}


@pytest.fixture(scope="module")
def told(server: Any, resident: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give a page with a conversation of all these turns, put into the file of one that was begun."""
    resident.ask("What is RegMix?")
    folder = server.library / "ui"
    own = max(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
    forged = Conversations(tmp_path_factory.mktemp("forged"), lambda _ident: PAPERS[0])
    talk = forged.keep(Talk("k" * 30, tuple(TURNS.values())))
    shutil.copy(forged._path(talk.key), own)
    with Library.open(server.library) as library:
        papers = [citation.paper for turn in TURNS.values() for citation in turn.answer.citations]
        library.add(*(paper for paper in papers if len(paper.abstract) < 10_000))
    resident.page.reload()
    resident.ready()
    resident.page.wait_for_function(f"document.querySelectorAll('#chat .answer').length == {len(TURNS)}")
    resident.page.evaluate("document.querySelectorAll('#sources details').forEach((one) => { one.open = true; })")
    yield resident
    with Library.open(server.library) as library:
        library.remove(*(paper.id for paper in papers if paper.id in {one.id for one in library.papers()}))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_leaves_nothing_that_could_act(told: Any, name: str) -> None:
    """Whatever a paper, a model or a visitor says, its answer and its cards hold no element but the page's own."""
    place = PLACES[name]
    shown = told.page.locator("#chat .answer").nth(place - 1)
    assert shown.locator("mark.doubt").count() == 1
    assert told.page.locator(f"#src-{place}-1 mark").count() == 1
    assert told.page.evaluate(NOTHING_FOREIGN) == []
    told.check()


@pytest.mark.parametrize("name", EXACT)
def test_text_is_shown_exactly(told: Any, name: str) -> None:
    """What stands in a title, an abstract, an answer or a question is what is read on the page."""
    place, payload = PLACES[name], EXACT[name]
    paper = TURNS[name].answer.citations[0].paper
    assert told.page.locator(f"#src-{place}-1 .title").inner_text() == paper.title
    assert told.page.locator(f"#src-{place}-1 .abstract").inner_text() == paper.abstract
    assert told.page.locator(f"#src-{place}-1 mark").inner_text() == TURNS[name].answer.citations[0].quote
    shown = told.page.locator("#chat .answer").nth(place - 1).inner_text().replace("\u00a0", " ")
    assert shown.startswith(f"Understood as: Do you mean {payload}?")
    assert f"Here is {payload}. [1] Moreover {payload} " in shown
    assert f": says {payload} [1][7]" in shown
    assert told.page.locator("#chat [data-testid=user]").nth(place - 1).inner_text() == payload


def test_a_megabyte_is_cut(told: Any) -> None:
    """A sentence and an abstract of a megabyte are shown in part, so that the page stays usable."""
    place = PLACES["megabyte"]
    assert 1_000 < len(told.page.locator("#chat .answer").nth(place - 1).inner_text()) < 50_000
    assert len(told.page.locator(f"#src-{place}-1").inner_text()) < 50_000


@pytest.mark.parametrize("name", ["handler", "markdown image", "template", "stars"])
def test_questions_are_shown_exactly(resident: Any, name: str) -> None:
    """What somebody asks is repeated as it was typed, runs nothing and loads nothing."""
    resident.begin()
    question = f"What does {({**HOSTILE, **EXACT})[name]} mean?"
    resident.ask(question)
    assert resident.page.locator("#chat [data-testid=user]").inner_text() == question
    assert resident.page.evaluate(NOTHING_FOREIGN) == []
    resident.check()


def test_hostile_uploads(server: Any, resident: Any, tmp_path: Path) -> None:
    """A page with a hostile name and hostile text is taken in, listed and answered from, and runs nothing."""
    name = "<img src=x onerror=alert(1)> ${alert(1)}.csv"
    (tmp_path / name).write_text(f"title,abstract\nVexillum: {HOSTILE['script']},Vexillum flies 9 flags.\n")
    page = resident.page
    page.click("#tab-library-button")
    page.locator("#upload input[type=file]").set_input_files(tmp_path / name)
    page.wait_for_selector("#report .files")
    page.wait_for_selector("#papers button")
    page.click("#tab-ask-button")
    assert "9 flags" in resident.ask("What does Vexillum fly?").inner_text()
    assert page.evaluate(NOTHING_FOREIGN) == []
    with Library.open(server.library) as library:
        library.remove(*(one.id for one in library.papers() if one.title.startswith("Vexillum")))


def test_the_policy_stops_what_would_slip_through(resident: Any) -> None:
    """Even an element put into the page by force loads nothing from elsewhere."""
    page = resident.page
    blocked = page.evaluate(
        """url => new Promise((done) => {
            document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective));
            document.body.append(Object.assign(new Image(), { src: url }));
        })""",
        f"{AWAY}/beacon.png",
    )
    assert blocked == "img-src"
    resident.requests[:] = [url for url in resident.requests if not url.startswith(AWAY)]
