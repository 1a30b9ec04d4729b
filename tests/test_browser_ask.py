"""Asking in a real browser: from an empty machine to a conversation that outlives page and server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rag import Library, Paper

pytest_plugins = ["browser"]

PAGE_OF_ONE = "Title,Abstract\nMarrowbone: Fossil Prompts,Marrowbone digs 731 fossil prompts out of old chat logs.\n"
NOTE_WORK = """() => new MutationObserver(() => { window.worked ||= !!document.querySelector('#chat .doing'); })
    .observe(document.body, { childList: true, subtree: true })"""

# the chat lets no button work until it has heard that the answer before was the last word
RETRY = """() => {
    if (!window.worked) [...document.querySelectorAll('#chat button[aria-label=Retry]')].at(-1).click();
    return window.worked && !document.querySelector('#chat .doing');
}"""


def test_from_an_empty_machine_to_a_restarted_server(server: Any, resident: Any, tmp_path: Path) -> None:
    """Ask an example, read its source, follow up, be refused, add a page, remove it, reload, restart: all is there."""
    page = resident.page
    assert "150 papers" in page.inner_text("#head")
    assert "starter library" in page.inner_text("#head .banner")
    page.click("#suggest button >> nth=0")
    answer = page.locator("#chat .answer:has(.proof)")
    assert "word for word" in answer.inner_text()
    answer.locator("a.cite").first.click()
    card = page.locator("#src-1-1")
    assert card.get_attribute("class") == "card lit"
    quoted = card.locator("mark").all_inner_texts()
    assert any(quote in answer.inner_text() for quote in quoted)

    assert "Understood as" in resident.ask("How well does it do?").inner_text()
    refused = resident.ask("best pizza topping for a rainy day")
    assert "do not answer" in refused.inner_text()
    assert refused.locator("a.near").count() == 3

    listing = tmp_path / "listing.csv"
    listing.write_text(PAGE_OF_ONE)
    page.click("#tab-library-button")
    page.locator("#upload input[type=file]").set_input_files(listing)
    page.wait_for_selector("#head:has-text('151 papers')")
    page.click("#tab-ask-button")
    assert "731 fossil prompts" in resident.ask("What is Marrowbone?").inner_text()

    with Library.open(server.library) as library:
        library.remove(next(paper.id for paper in library.papers() if paper.title.startswith("Marrowbone")))
    assert "731 fossil prompts" not in resident.ask("Which prompts does Marrowbone dig out?").inner_text()

    told = page.locator("#chat .answer").all_inner_texts()
    page.reload()
    resident.ready()
    assert page.locator("#chat .answer").all_inner_texts() == told
    assert "Output" not in server.log.read_text()  # Gradio's complaint about updates that are none
    server.kill()
    server.start()
    page.reload()
    resident.ready()
    assert page.locator("#chat .answer").all_inner_texts() == told
    assert "do not answer" in resident.ask("best pizza topping for a rainy day").inner_text()


def test_a_number_opens_its_source_in_the_same_tab_and_leads_back(resident: Any) -> None:
    """`[1]` opens and focuses the card of its turn, folded or not, and lights its sentence; "back" leads back to it."""
    resident.begin()
    page = resident.page
    answer = resident.ask("What is RegMix?")
    said = answer.locator(".said > span").all_inner_texts()
    assert len(said) > 1
    resident.ask("What is ORPO?")
    for place, sentence in enumerate(said):
        page.locator("a.cite[href='#src-1-1']").nth(place).click()
        assert page.locator("mark.now").all_inner_texts() == [sentence]
    assert page.locator("#src-1-1").is_visible()
    assert "RegMix" in page.evaluate("document.activeElement.innerText")
    page.click("#src-1-1 button.back")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#src-1-1"
    assert page.url == resident.url


def test_what_is_marked_is_what_is_quoted(resident: Any) -> None:
    """Every marked run of an abstract is a sentence of the answer, and every sentence is marked somewhere."""
    resident.begin()
    answer = resident.ask("Which papers are about knowledge distillation?")
    said = answer.locator("li > span:not(.of)").all_inner_texts()
    marked = resident.page.locator("#sources mark").all_inner_texts()
    assert len(said) > 1
    assert sorted(said) == sorted(marked)


def test_suggestions_are_asked_at_a_press(resident: Any) -> None:
    """A follow-up that is suggested is asked as it stands, and then suggested no more."""
    resident.begin()
    resident.ask("What is RegMix?")
    wanted = resident.page.locator("#suggest button:visible").first.inner_text()
    with resident.answered():
        resident.page.click(f"#suggest button:has-text({wanted!r})")
    assert resident.page.locator("#chat [data-testid=user]").last.inner_text() == wanted
    assert wanted not in resident.page.locator("#suggest button:visible").all_inner_texts()


def test_retry_undo_and_edit(resident: Any) -> None:
    """Retry answers again in place; undo puts the question back into the box; edit asks what it was changed to."""
    resident.begin()
    page = resident.page
    resident.ask("What is RegMix?")
    first = resident.ask("What is ORPO?").inner_text()
    page.evaluate(NOTE_WORK)
    page.wait_for_function(RETRY, polling=300)
    assert page.locator("#chat .answer").all_inner_texts()[1:] == [first]
    page.locator("#chat button[aria-label=Undo]").last.click()
    page.wait_for_function("document.querySelectorAll('#chat .answer').length == 1")
    assert page.input_value("#q textarea") == "What is ORPO?"
    page.locator("#chat button[aria-label=Edit]").first.click()
    page.locator("#chat [data-testid=user] textarea, #chat textarea").first.fill("What is ORPO?")
    page.locator("#chat button[aria-label=Submit]").first.click()
    page.wait_for_selector("#src-1-1:has-text('ORPO')")
    assert page.locator("#chat [data-testid=user]").all_inner_texts() == ["What is ORPO?"]


def test_votes_are_kept_in_the_library(server: Any, resident: Any) -> None:
    """A thumb is written to the library's folder with what it is about, and is still up after a reload."""
    resident.begin()
    page = resident.page
    resident.ask("What is RegMix?")
    page.locator("#chat button[aria-label=Like]").click()
    page.wait_for_selector("#chat button[aria-label=Liked]")
    page.reload()
    resident.ready()
    page.wait_for_selector("#chat button[aria-label=Liked]")
    noted = [json.loads(line) for line in (server.library / "ui" / "votes.jsonl").read_text().splitlines()]
    assert (noted[-1]["vote"], noted[-1]["question"]) == ("Like", "What is RegMix?")


def test_filters_by_source_and_year(server: Any, resident: Any) -> None:
    """Only papers of the chosen source and years answer; years the wrong way round are told, the question kept."""
    resident.begin()
    from datetime import date

    page = resident.page
    dated = [
        Paper(f"dated{year}", f"Quokka-{year}: A Map", f"Quokka-{year} maps {year} caves.", published=date(year, 5, 1))
        for year in (2031, 2032)
    ]
    with Library.open(server.library) as library:
        library.add(*dated)
    try:
        page.reload()
        resident.ready()
        page.click("#filters > button")
        choose(page, "#filter-first", "2032")
        assert "Quokka-2031" not in resident.ask("Which papers are about Quokka maps?").inner_text()
        choose(page, "#filter-last", "2031")
        assert "no year is from 2032 on" in resident.ask("What does Quokka map?").inner_text().lower()
        assert page.input_value("#q textarea") == "What does Quokka map?"
        choose(page, "#filter-first", "any")
        assert "maps 2031 caves" in resident.ask("What did Quokka map?").inner_text()
        assert page.inner_text("#filters > button").startswith("Filtered: until 2031")
        choose(page, "#filter-last", "any")
    finally:
        with Library.open(server.library) as library:
            library.remove(*(paper.id for paper in dated))


def choose(page: Any, dropdown: str, option: str) -> None:
    page.click(f"{dropdown} input")
    page.click(f"[role=option]:has-text('{option}')")


def test_exports(resident: Any) -> None:
    """The conversation is saved as Markdown with its quotes, its papers as BibTeX; both by the browser alone."""
    resident.begin()
    page = resident.page
    resident.ask("What is RegMix?")
    with page.expect_download() as markdown:
        page.click("#save-markdown")
    assert markdown.value.suggested_filename == "conversation.md"
    assert "## What is RegMix?" in Path(markdown.value.path()).read_text()
    with page.expect_download() as bibtex:
        page.click("#save-bibtex")
    assert Path(bibtex.value.path()).read_text().startswith("@misc{regmix-")


def test_an_answer_is_copied_with_its_titles(resident: Any) -> None:
    """What is copied is the plain answer and the titles it rests on."""
    resident.begin()
    page = resident.page
    answer = resident.ask("What is RegMix?")
    answer.locator("button.copy").click()
    page.wait_for_selector("button.copy:has-text('Copied')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(answer.locator(".said").inner_text().replace("\u00a0", " "))
    assert "\n[1] RegMix: " in copied


def test_an_error_is_a_message_and_the_question_is_kept(resident: Any) -> None:
    """A question that is far too long is answered by what to do about it; it stays in the box."""
    resident.begin()
    question = "why " * 1200
    answer = resident.ask(question)
    assert "characters long" in answer.inner_text()
    assert resident.page.input_value("#q textarea") == question
    assert "RegMix" in resident.ask("What is RegMix?").inner_text()


def test_conversations_are_apart_and_earlier_ones_come_back(resident: Any, visits: Any) -> None:
    """Another browser begins with an empty page; in one browser a new conversation leaves the old one to go back to."""
    resident.begin()
    page = resident.page
    resident.ask("What is Marginalia?")
    other = visits()
    assert other.page.locator("#chat .answer").count() == 0
    resident.begin()
    resident.ask("What is ORPO?")
    page.reload()
    resident.ready()
    choose(page, "#earlier", "What is Marginalia?")
    page.wait_for_selector("#chat [data-testid=user]:has-text('Marginalia')")
    assert page.locator("#chat [data-testid=user]").all_inner_texts() == ["What is Marginalia?"]


def test_two_tabs_of_one_browser(resident: Any) -> None:
    """What was asked in one tab of a browser is not lost when another tab of it asks too."""
    resident.begin()
    page = resident.page
    resident.ask("What is RegMix?")
    second = resident.context.new_page()
    resident.wrongs.remove("another page was opened")
    second.goto(resident.url)
    second.wait_for_selector("#chat .answer")
    second.fill("#q textarea", "What is ORPO?")
    second.press("#q textarea", "Enter")
    second.wait_for_function("document.querySelectorAll('#chat .proof').length == 2")
    second.close()
    resident.ask("What is SpQR?")
    page.reload()
    resident.ready()
    asked = page.locator("#chat [data-testid=user]").all_inner_texts()
    assert asked == ["What is RegMix?", "What is ORPO?", "What is SpQR?"]


def test_light_and_dark(resident: Any, visits: Any) -> None:
    """The page takes the system's colours; its switch takes the others, also after a reload."""
    is_dark = "document.body.classList.contains('dark')"
    assert not resident.page.evaluate(is_dark)
    one = visits(color_scheme="dark")
    assert one.page.evaluate(is_dark)
    one.page.click("#theme")
    one.page.reload()
    one.ready()
    one.page.wait_for_function(f"!{is_dark}")


def test_a_phone(visits: Any) -> None:
    """At 390 pixels nothing is wider than the screen, the sources stand under the chat, and a number leads there."""
    one = visits(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = one.page
    one.ask("What is RegMix?")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    chat, sources = page.locator("#chat").bounding_box(), page.locator("#sources").bounding_box()
    assert sources["y"] >= chat["y"] + chat["height"]
    page.locator("a.cite").first.tap()
    page.wait_for_function(
        "(() => { const box = document.querySelector('#src-1-1 mark').getBoundingClientRect();"
        " return box.top >= 0 && box.bottom <= innerHeight; })()"
    )
