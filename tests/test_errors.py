"""The tree of errors and how values are shown in them; where each is raised is left to the tests of the parts."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import errors
from rag.errors import LONGEST_VALUE, PaperchatError, QuestionError, UsageError, shorten

REAL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]


def drawn() -> dict[str, str | None]:
    """Return each error of the tree drawn in the docstring, with the one it hangs from."""
    above: list[str] = []
    tree: dict[str, str | None] = {}
    for line in str(errors.__doc__).splitlines():
        if found := re.match(r"^((?:[│ ] {3})*)(?:[├└]── )?([A-Z]\w+)(?:\s{2,}|$)", line):
            depth = len(found[1]) // 4 + ("── " in line)
            tree[found[2]] = above[depth - 1] if depth else None
            above[depth:] = [found[2]]
    return tree


def test_the_drawn_tree_is_the_real_one() -> None:
    """The docstring draws every error, each under its base class, and nothing else."""
    real = {kind.__name__: kind.__bases__[0].__name__ for kind in REAL}
    assert drawn() == {name: None if base == "Exception" else base for name, base in real.items()}
    assert len(real) == 12


def test_all_is_public() -> None:
    """`__all__` lists every error and `shorten`."""
    assert set(errors.__all__) == {kind.__name__ for kind in REAL} | {"shorten"}


@pytest.mark.parametrize("kind", REAL)
def test_parts_of_a_message(kind: type[PaperchatError]) -> None:
    """What failed and what to do next are kept apart, joined in the message, and survive copying and pickling."""
    error = kind("the lamp is off", remedy="switch it on")
    assert (error.what, error.remedy, str(error)) == (
        "the lamp is off",
        "switch it on",
        "the lamp is off: switch it on",
    )
    assert str(kind("the lamp is off")) == "the lamp is off"
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (type(other), other.what, other.remedy, str(other)) == (kind, error.what, error.remedy, str(error))


def test_a_question_error_is_a_usage_error() -> None:
    """A bad question ends with the same exit status as a bad option."""
    with pytest.raises(UsageError, match="empty"):
        raise QuestionError("the question is empty")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("left\u202eright", r"left\u202eright"),
        ("nul\x00", r"nul\x00"),
        ("é 何", "é 何"),
        ("\ud800", r"\ud800"),
        (12, "12"),
        ("x" * 81, "x" * 80 + "…"),
    ],
)
def test_shorten(value: object, shown: str) -> None:
    """Characters that do not print are escaped, long values cut, others kept."""
    assert shorten(value) == shown


@given(st.text(st.characters(), max_size=200), st.integers(1, 100))
def test_shorten_is_printable_and_short(text: str, longest: int) -> None:
    """Whatever is shown prints, on one line, and a cut is marked."""
    shown = shorten(text, longest)
    assert shown.isprintable()
    assert len(shown) <= 10 * longest + 1
    assert shown.endswith("…") or len(text) <= longest
    assert LONGEST_VALUE == 80
