"""Draw the picture of the README from a real answer: `make picture`."""

from __future__ import annotations

import re
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from rag import Library
from rag.show import answer_lines

QUESTIONS = ("What is RegMix?", "best pizza topping for a rainy day")


def draw(path: Path) -> None:
    """Ask the starter library and write what the terminal shows as SVG."""
    console = Console(record=True, width=100, file=StringIO(), force_terminal=True)
    with tempfile.TemporaryDirectory() as folder, Library.open(folder, create=True) as library:
        library.add(starter=True)
        for question in QUESTIONS:
            console.print(Text(f'$ rag ask "{question}"', style="bold"))
            for line in answer_lines(library.ask(question)):
                console.print(Text.assemble(*line))
            console.print()
    # rich's picture would fetch a font from the network: the reader's own monospaced one will do
    picture = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="Paperchat"), flags=re.DOTALL)
    path.write_text(picture, "utf-8")


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
