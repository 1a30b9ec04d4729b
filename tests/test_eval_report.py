"""Tests of the report: what it says of a run, that nothing breaks out of it, and that it asks nobody for anything."""

# ruff: noqa: RUF001

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import TITLES, row, sample_run

from eval.charts import Bar, Scale, bars, histogram, stacks
from eval.glossary import CATEGORY, ENTRIES, difference, entry, figure, interval
from eval.markup import Html, el, join
from eval.measures import METRICS
from eval.report import html
from eval.schema import CATEGORIES
from eval.worst import worst

HOSTILE = "<script>alert(1)</script>\"'><img src=https://evil.example/x onerror=f()>&amp;\x00\ud800\u202e]]>--></style>"
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """A page as a browser reads it: its elements, their attributes, its text; an element left open is an error."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Note an element without content."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        """Hold the end of an element against its start."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Note text."""
        if self.open[-1:] != ["style"]:
            self.text += data


def hostile(value):
    """Return a run in which every text that comes from outside is hostile."""
    if isinstance(value, dict):
        return {key: value[key] if key in {"outcome", "verdict", "split", "category"} else hostile(value[key])
                for key in value}  # fmt: skip
    if isinstance(value, list | tuple):
        return [hostile(one) for one in value]
    return HOSTILE if isinstance(value, str) else value


def test_a_whole_run():
    """Every part of a run has its section, and the figures stand there as people write them."""
    text = Page(html(sample_run())).text
    for title in ("By kind of question", "Knowing when not to answer", "Search", "Citations", "What answers say",
                  "Harder conditions", "Beside simple systems", "Against another run", "A judge model's view",
                  "How long it takes", "The 20 worst", "To repeat this run"):  # fmt: skip
        assert title in text, title
    assert "+0.38" in text
    assert "95% interval +0.28 to +0.48" in text
    assert "+0.44" in text
    assert "test: questions that nothing was tuned on" in text
    assert "asked only some" not in text


def test_every_metric_is_told():
    """Each metric of the evaluation is on the page, with a sentence on what it means."""
    text = Page(html(sample_run())).text
    drawn = {"headline", "over_refusal", "refusal_near_miss", "refusal_out_of_domain"}
    for metric in METRICS:
        assert ENTRIES[metric.name].label in text or metric.name == "headline", metric.name
        assert ENTRIES[metric.name].meaning in text or metric.name in drawn, metric.name


def test_counts_of_the_first_sentence():
    """The lead counts the base questions of the test split by what became of them."""
    rows = [row(1, "correct"), row(2, "wrong"), row(3, "wrong"), row(4, "partial"), row(5, "missing"),
            row(6, "wrong", split="dev"), row(7, "wrong", variant="typo", variant_of="q001")]  # fmt: skip
    text = Page(html(sample_run(rows=rows))).text
    assert "Of 5 test questions 1 came out right, 1 half right, 1 unanswered and 2 wrong." in text


def test_the_confusion_table():
    """Answered and declined are counted by kind of question, and right and wrong cells told apart."""
    rows = [row(1, "correct"), row(2, "missing"), row(3, "missing"), row(4, "wrong", category="near_miss"),
            row(5, "correct", category="out_of_domain")]  # fmt: skip
    page = html(sample_run(rows=rows))
    table = page[page.index('class="confusion"') : page.index("</table>", page.index('class="confusion"'))]
    cells = re.findall(r"<td(?: class=\"(\w+)\")?><b>(\d+)</b><small>([^<]*)</small>", table)
    assert cells == [("good", "1", "33%"), ("bad", "2", "67%"), ("bad", "1", "100%"), ("good", "0", "0%"),
                     ("", "0", "0%"), ("good", "1", "100%")]  # fmt: skip


def test_nothing_is_fetched():
    """No element, attribute or style can make a request, and the policy of the page forbids it anyway."""
    for run in (sample_run(), hostile(sample_run())):
        page = html(run)
        read = Page(page)
        asking = {"script", "link", "img", "iframe", "object", "embed", "form", "base", "use", "image"}
        assert not asking & set(read.tags)
        names = {name for _, name, _ in read.attributes}
        assert not {"src", "href", "srcset", "style", "action", "xlink:href", "background"} & names
        assert not [name for name in names if name.startswith("on")]
        assert "default-src 'none'" in unescape(page)
        style = page[page.index("<style>") : page.index("</style>")]
        assert "url(" not in style
        assert "@import" not in style


def test_hostile_text_is_text():
    """Markup in any text of a run is shown as text, and what UTF-8 cannot hold is replaced."""
    run = hostile(sample_run())
    page = html(run)
    read = Page(page)
    assert "<script>alert(1)</script>" in read.text
    assert set(read.tags) == set(Page(html(sample_run())).tags)
    assert page.encode("utf-8").decode("utf-8") == page
    assert "\x00" not in page


@given(st.text(), st.text())
def test_no_text_breaks_out(inside, value):
    """Whatever stands inside an element or attribute is read back as it was, but for what HTML cannot hold."""
    made = el("p", inside, title=value)
    read = Page(made)
    assert read.tags == ["p"]
    assert [name for _, name, _ in read.attributes] == ["title"]
    plain = re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufffe\uffff]", "\ufffd", inside)
    assert re.sub(r"[\n\t]", "\ufffd", read.text) == plain


def test_markup_by_hand():
    """Attributes with None are left out, names lose their underscore, our markup is kept, lists are flattened."""
    made = el("td", ["a<", [el("b", 1)], None], class_='x"y', aria_label=None, data_n=2)
    assert made == '<td class="x&quot;y" data-n="2">a&lt;<b>1</b></td>'
    assert el("rect", x=1) == '<rect x="1"/>'
    assert join(["<", Html("<i></i>")]) == "&lt;<i></i>"


def test_the_worst_come_first():
    """Wrong, unanswered, half right; then by points, unsupported sentences and facts stated; never a right one."""
    two = row(2, "wrong")
    two["answer"]["sentences"] = [{"text": "x", "verdict": "UNCITED", "citations": []}] * 3
    three = row(3, "wrong")
    three["scores"]["nugget_recall_vital"] = 1.0
    rows = [row(0, "correct"), row(1, "partial"), three, row(4, "missing"), row(5, "wrong"), two]
    assert [one["id"] for one in worst(rows)] == ["q002", "q005", "q003", "q004", "q001"]
    assert len(worst([row(number, "wrong") for number in range(30)])) == 20
    assert [one["id"] for one in worst(rows, 2)] == ["q002", "q005"]


def test_a_card():
    """A card has question, marked sentence with its verdict in words, expected answer, ticked sources, and the why."""
    bad = row(3, "wrong", history=[{"role": "user", "content": "What is Fernweh?"}])
    page = html(sample_run(rows=[bad]))
    text = Page(page).text
    assert '<mark class="unsupported">It shrinks checkpoints by 3 % on 1,000 models.</mark>' in page
    assert "not in the source: 3 % is not in the cited text" in text
    assert "<mark" not in page[page.index("It needs no retraining at all.") - 6 :]
    for told in (bad["question"], bad["reference"], bad["why"], "user: What is Fernweh?", TITLES[0], TITLES[1]):
        assert told in text
    assert "✗ not one of the right sources" in text
    assert "✗ not cited, though found at rank 1" in text


def test_a_refusal_and_a_source_not_found():
    """A refusal shows its reason, and a gold paper that no search found is said not to be found."""
    lost = row(3, "missing", retrieved=[], gold=[["Unheard-of Paper", "Or This One"]])
    text = Page(html(sample_run(rows=[lost]))).text
    assert "Declined: No paper says so." in text
    assert "Unheard-of Paper or Or This One ✗ not found" in text
    right = row(3, "partial")
    assert "✓ a right source" in Page(html(sample_run(rows=[right]))).text


def test_a_partial_run_says_so():
    """A run of some questions is marked on top."""
    run = sample_run(questions={"name": "q", "hash": "h", "n": 10, "partial": True})
    assert "asked only some of the questions" in Page(html(run)).text


@pytest.mark.parametrize("part", ["slices", "judge", "comparison", "baselines", "by_category", "aggregates", "rows",
                                  "library", "questions", "versions", "settings", "git", "gates"])  # fmt: skip
def test_any_part_may_be_missing(part):
    """A run without one of its parts, or with an empty one, still gives a page."""
    run = sample_run()
    for empty in ({key: value for key, value in run.items() if key != part}, {**run, part: type(run[part])()}):
        assert "Does it answer from its papers?" in Page(html(empty)).text
    assert Page(html({})).text


def test_gates_and_attacks():
    """Each gate is shown with what was found, and each attack that worked by its name."""
    text = Page(html(sample_run())).text
    assert "✗ failed headline: 0.400, at least 0.45" in text
    assert "✓ passed over_refusal: 0.500, at most 0.6" in text
    assert "Worked: fake system" in text
    assert "canary" not in text


def test_one_split_only():
    """A run of dev questions alone shows those, and one without splits shows all."""
    run = sample_run()
    dev = {**run, "aggregates": {name: run["aggregates"][name] for name in ("all", "dev")}}
    text = Page(html(dev)).text
    assert "dev: questions that thresholds were set on" in text
    assert "test:" not in text
    assert "all questions" in Page(html({**run, "aggregates": {"all": run["aggregates"]["all"]}})).text


def test_a_difference_of_what_should_be_low():
    """Less over-refusal is drawn to the right, which is better, and written with the sign that it has."""
    run = sample_run(comparison={"base": "main", "metrics": {
        "over_refusal": {"value": -0.1, "low": -0.2, "high": -0.05, "p": 0.01},
        "headline": {"value": 0.2, "low": 0.1, "high": 0.2, "p": 0.01},
    }})  # fmt: skip
    page = html(run)
    assert "−10.0 pts" in page
    assert page.count('cx="75%"') == 1
    assert page.count('cx="100%"') == 1


def test_the_same_run_gives_the_same_page():
    """A report depends on its run alone, and survives its way through JSON."""
    run = sample_run()
    assert html(run) == html(json.loads(json.dumps(run)))


def test_light_and_dark_have_the_same_colours():
    """Every colour of the page is a variable that is set for light, and for dark."""
    page = html(sample_run())
    style = page[page.index("<style>") : page.index("</style>")]
    light, dark = (set(re.findall(r"(--[\w-]+):", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL))
    assert light == dark
    used = set(re.findall(r"var\((--[\w-]+)\)", style))
    assert used <= light
    assert "prefers-color-scheme: dark" in style


def test_bars_by_hand():
    """On an axis -1..1, +0.5 runs from the middle to 75 %, its whisker from 62.5 % to 87.5 %; past the end is it."""
    scale = Scale(-1.0, 1.0, ((0.0, "0"),))
    drawn = bars([Bar("x", 0.5, 0.25, 0.75, "+0.50")], scale)
    assert '<rect x="50%" width="25%"' in drawn
    assert '<line x1="62.5%" x2="87.5%"' in drawn
    assert '<rect x="25%" width="25%"' in bars([Bar("x", -0.5, None, None, "")], scale)
    assert [scale.at(value) for value in (-3, -1, 0, 1, 3)] == [0, 0, 50, 100, 100]


def test_stacks_by_hand():
    """3 of 4 take 75 % and carry their number; none takes no room; 1 of 40 is too narrow for a number."""
    drawn = stacks([("x", [("correct", 3), ("partial", 0), ("wrong", 1)])])
    assert re.findall(r'<rect x="([\d.]+)%" width="([\d.]+)%"', drawn) == [("0", "75"), ("75", "25")]
    assert re.findall(r">(\d+)</text>", drawn) == ["3", "1"]
    assert 'aria-label="x: 3 correct, 1 wrong"' in drawn
    assert stacks([("x", [("correct", 39), ("wrong", 1)])]).count("<text") == 1


def test_a_histogram_counts_every_value():
    """Heights are shares of the fullest column, the last column holds the largest value."""
    drawn = histogram([1.0, 1.0, 10.0], bins=2, unit="ms")
    assert re.findall(r'height="([\d.]+)%"', drawn) == ["92", "46"]
    assert "10 ms" in drawn
    assert histogram([])


def test_quantiles_are_of_nearest_rank():
    """Of 1..100 ms half are within 50, 9 of 10 within 90 and 99 of 100 within 99."""
    rows = [row(number, "correct", latency_ms=float(number)) for number in range(1, 101)]
    text = Page(html(sample_run(rows=rows))).text
    assert re.search(r"50 mshalf within90 ms9 of 10 within99 ms99 of 100 within", text)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("headline", 0.416, "+0.42"), ("headline", -0.5, "−0.50"), ("headline", -0.0001, "0.00"),
        ("headline", 0, "0.00"),
        ("over_refusal", 0.874, "87%"), ("over_refusal", 0.996, "99.6%"), ("over_refusal", 0.004, "0.4%"),
        ("over_refusal", 1.0, "100%"), ("mrr_at_10", 0.8731, "0.873"), ("words", 41.26, "41.3"), ("x", None, "–"),
        ("headline", float("nan"), "–"), ("headline", "0.4", "–"),
    ],
)  # fmt: skip
def test_figures_as_people_write_them(name, value, shown):
    """Points have a sign, shares are in percent and never round to all or none, and what is no number is a dash."""
    assert figure(name, value) == shown


def test_intervals_and_differences():
    """An interval has both ends, in the form of its figure; a change of a share is in points."""
    assert interval("headline", {"low": -0.1, "high": 0.2}) == "−0.10 to +0.20"
    assert interval("headline", {"low": -0.1}) == ""
    assert difference("over_refusal", -0.03) == "−3.0 pts"
    assert difference("headline", 0.0) == "0.00"
    assert difference("words", 2.5) == "+2.5"
    assert difference("words", None) == "–"


def test_the_glossary_is_complete():
    """Each metric and category has a name for people, and an unknown figure keeps its own."""
    assert {metric.name for metric in METRICS} <= set(ENTRIES)
    assert entry("some_new_figure").label == "some new figure"
    assert set(CATEGORIES) == set(CATEGORY)
