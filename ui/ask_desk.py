"""What happens in the tab to ask in: each event as a method that returns updates; the layout is left to `ask_tab`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from rag import PaperchatError
from rag.export import bibtex, cited, conversation_markdown

from .asking import Shown, at_rest, failed, place_of, reply, stopped, text_of, where_of
from .cards import sources_html
from .context import Context
from .conversations import Conversations, Talk
from .render import suggestions_html, unique_papers
from .suggest import follow_ups
from .toolbar import Toolbar

__all__ = ["Desk"]

Updates = dict[Any, Any]
MOST = 100
"""Earlier conversations that a browser keeps the secrets of."""
Votes = {True: "Like", False: "Dislike"}


@dataclass(frozen=True)
class Desk:
    """The components of the tab, and what happens to them."""

    context: Context
    kept: Conversations
    examples: Callable[[], tuple[str, ...]]
    last_cited: gr.State
    """The ids of the papers that the last answer cites."""
    keys: gr.BrowserState
    """The secrets of this browser's conversations, the open one first."""
    talk: gr.State
    """The open Talk; None in a session that has just begun."""
    pending: gr.State
    """The question that is being answered."""
    chat: gr.Chatbot
    box: gr.Textbox
    suggestions: gr.HTML
    sources: gr.HTML
    tools: Toolbar

    @property
    def everything(self) -> list[Any]:
        """The components that an event may update."""
        return [*self.asked, self.keys, self.tools.earlier]

    @property
    def asked(self) -> list[Any]:
        """The components that a question updates."""
        return [self.chat, self.box, self.sources, self.suggestions, self.talk, self.pending, self.last_cited]

    # What is shown

    def part(self, shown: Shown) -> Updates:
        """Return the updates of a step on the way to an answer; what is typed meanwhile is left alone.

        The chat is given each time, and as a value: when it is left out, or given with another property, Gradio
        describes the whole component anew, which takes longer than the answer.
        """
        box = {self.box: shown.box} if shown.box else {}
        return {self.chat: shown.messages, self.talk: shown.talk, **box}

    def whole(self, shown: Shown) -> Updates:
        """Return the updates that show a conversation at rest, with its sources and what could be asked next."""
        turns = shown.talk.turns
        papers = unique_papers(turns[-1].answer).values() if turns else ()
        return {
            **self.part(shown),
            self.suggestions: suggestions_html(follow_ups(turns) if turns else self.examples()),
            self.sources: sources_html(turns),
            self.last_cited: [paper.id for paper in papers],
        }

    def anew(self, talk: Talk, box: str = "") -> Updates:
        """Return the updates that show a conversation in the place of another, votes and all."""
        shown = at_rest(talk, box)
        votes = [talk.votes.get(place) for place in range(len(talk.turns))]
        return {**self.whole(shown), self.chat: gr.Chatbot(value=shown.messages, feedback_value=votes), self.box: box}

    # What happens

    def opened(self, keys: object, talk: Talk | None) -> Talk:
        """Return the conversation of a session; after a restart of the server, the one that the browser names."""
        if talk is None:
            return self.kept.opened(keys[0] if isinstance(keys, list) and keys else None)
        return self.kept.latest(talk)

    def greet(self, keys: object) -> Updates:
        """Show the conversation that this browser left off."""
        talk = self.opened(keys, None)
        return self._open(talk, keys)

    def renew(self, keys: object, talk: Talk | None) -> Updates:
        """Show examples of the library as it is now; a conversation stays as it is."""
        is_begun = bool(self.opened(keys, talk).turns)
        return {self.suggestions: gr.skip() if is_begun else suggestions_html(self.examples())}

    def begin(self, keys: object) -> Updates:
        """Begin a new conversation; the one before stays among the earlier ones."""
        return self._open(self.kept.new(), keys)

    def reopen(self, key: object, keys: object) -> Updates:
        """Show an earlier conversation of this browser."""
        known = key in keys if isinstance(keys, list) else False
        return self._open(self.kept.opened(key), keys) if known else {self.suggestions: gr.skip()}

    def _open(self, talk: Talk, keys: object) -> Updates:
        others = [key for key in keys if isinstance(key, str) and key != talk.key] if isinstance(keys, list) else []
        mine = [talk.key, *(key for key in others[:MOST] if self.kept.title(key))]
        return {**self.anew(talk), self.keys: mine, **self.tools.of_browser(self.kept, mine)}

    async def ask(self, question: str, keys: object, talk: Talk | None, *filters: Any) -> AsyncIterator[Updates]:  # noqa: ANN401
        """Answer a question; show what is being done, then the answer."""
        if not question.strip():
            return
        talk = self.opened(keys, talk)
        begun = {self.box: "", self.pending: question}
        try:
            where = where_of(*filters)
        except PaperchatError as error:
            yield {**begun, **self.whole(failed(talk, question, error))}
            return
        async for shown in reply(self.context.library, self.kept, talk, question, where):
            yield {**begun, **(self.part(shown) if shown.is_busy else self.whole(shown))}
            begun = {}

    async def choose(
        self,
        data: gr.EventData,
        keys: object,
        talk: Talk | None,
        *filters: Any,  # noqa: ANN401
    ) -> AsyncIterator[Updates]:
        """Answer a question that was suggested."""
        async for updates in self.ask(str(getattr(data, "question", "")), keys, talk, *filters):
            yield updates

    async def retry(self, data: gr.RetryData, keys: object, talk: Talk | None, *filters: Any) -> AsyncIterator[Updates]:  # noqa: ANN401
        """Answer a question anew; what came after it is gone."""
        async for updates in self._again(place_of(data.index), text_of(data.value), keys, talk, *filters):
            yield updates

    async def edit(self, data: gr.EditData, keys: object, talk: Talk | None, *filters: Any) -> AsyncIterator[Updates]:  # noqa: ANN401
        """Answer a question that was changed; what came after it is gone."""
        async for updates in self._again(place_of(data.index), text_of(data.value), keys, talk, *filters):
            yield updates

    async def _again(
        self,
        place: int,
        question: str,
        keys: object,
        talk: Talk | None,
        *filters: Any,  # noqa: ANN401
    ) -> AsyncIterator[Updates]:
        talk = self.opened(keys, talk)
        async for updates in self.ask(question, keys, talk.until(place), *filters):
            yield updates

    def undo(self, data: gr.UndoData, keys: object, talk: Talk | None) -> Updates:
        """Take a question back, into the box."""
        talk = self.kept.keep(self.opened(keys, talk).until(place_of(data.index)))
        return self.anew(talk, text_of(data.value))

    def stop(self, pending: str, keys: object, talk: Talk | None) -> Updates:
        """Say that the answer was stopped; the question stays."""
        return self.whole(stopped(self.opened(keys, talk), pending))

    def vote(self, data: gr.LikeData, keys: object, talk: Talk | None) -> Updates:
        """Keep what somebody thinks of an answer."""
        talk, place = self.opened(keys, talk), place_of(data.index)
        vote = Votes.get(data.liked, "") if isinstance(data.liked, bool) else ""
        if place < len(talk.turns):
            talk = self.kept.keep(talk.with_vote(place, vote))
            self.kept.note_vote(talk.turns[place], vote)
        return {self.talk: talk}

    def as_markdown(self, keys: object, talk: Talk | None) -> str:
        """Return the conversation to be saved, or nothing when there is none."""
        turns = self.opened(keys, talk).turns
        if not turns:
            gr.Info("Nothing was asked yet.")
        return conversation_markdown(turns) if turns else ""

    def as_bibtex(self, keys: object, talk: Talk | None) -> str:
        """Return the papers of the conversation to be saved, or nothing when it cites none."""
        papers = cited(self.opened(keys, talk).turns)
        if not papers:
            gr.Info("No paper is cited yet.")
        return bibtex(papers)
