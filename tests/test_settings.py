"""Where settings come from, and that keys stay hidden; what a setting does is left to the tests of the parts."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from pydantic import ValidationError

from rag.errors import UsageError
from rag.settings import Settings, load_settings

KEY = "sk-secret-4711"


def test_argument_variable_file_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """An argument wins over a variable, a variable over .env, and .env over the default."""
    assert load_settings().candidates == 50
    Path(".env").write_text("RAG_CANDIDATES=20\nOTHER_PROGRAM=1\n")
    assert load_settings().candidates == 20
    monkeypatch.setenv("RAG_CANDIDATES", "30")
    assert load_settings().candidates == 30
    assert load_settings(candidates=40).candidates == 40
    assert load_settings(candidates=None).candidates == 30


@pytest.mark.parametrize("name", ["openai_base_url", "openai_api_key"])
def test_the_same_order_holds_for_names_that_others_share(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of the OpenAI protocol have no prefix and are overruled by an argument too."""

    def value(**given: object) -> str:
        found = getattr(load_settings(**given), name)
        return found.get_secret_value() if name.endswith("key") else found

    assert getattr(load_settings(), name) is None
    Path(".env").write_text(f"{name.upper()}=file\n")
    assert value() == "file"
    monkeypatch.setenv(name.upper(), "variable")
    assert value() == "variable"
    assert value(**{name: "argument"}) == "argument"


@pytest.mark.parametrize("name", ["model", "embedding_model"])
def test_a_models_name_has_two_variables(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours goes before the one that other programs read, and an argument before both."""
    assert getattr(load_settings(), name) is None
    monkeypatch.setenv(f"OPENAI_{name.upper()}", "shared")
    assert getattr(load_settings(), name) == "shared"
    assert getattr(load_settings(**{name: "argument"}), name) == "argument"
    monkeypatch.setenv(f"RAG_{name.upper()}", "ours")
    assert getattr(load_settings(), name) == "ours"
    assert getattr(load_settings(**{name: "argument"}), name) == "argument"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set to nothing counts as not set."""
    for name in ("RAG_CHROMA_URL", "RAG_DENSE_WEIGHT", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "")
    assert load_settings() == Settings()
    assert load_settings().openai_api_key is None


def test_keys_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """No way of showing the settings shows a key."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    settings = load_settings()
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == KEY
    shown = [repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump()), f"{settings}"]
    shown += [repr(copy.deepcopy(settings)), repr(vars(settings))]
    assert not [text for text in shown if KEY in text]


def test_keys_are_hidden_in_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a bad key nor a bad neighbour of a good key brings the key into an error."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(UsageError, match="RAG_CANDIDATES") as near:
        load_settings(candidates="many")
    with pytest.raises(UsageError, match="OPENAI_API_KEY is set to a value") as bad:
        load_settings(openai_api_key=[KEY])
    for caught in (near, bad):
        assert KEY not in str(caught.value) + repr(caught.value) + repr(caught.value.__cause__)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RAG_CANDIDATES", "9"),
        ("RAG_CANDIDATES", "ten"),
        ("RAG_DENSE_WEIGHT", "1.1"),
        ("RAG_LOCK_TIMEOUT", "-1"),
        ("RAG_SERVER_TIMEOUT", "0"),
        ("RAG_EMBEDDER", "bert"),
        ("RAG_GROUNDING", "loose"),
        ("RAG_ANSWER_TOKENS", "1"),
        ("RAG_STORE_DOCUMENTS", "maybe"),
        ("RAG_FEEDBACK", "x" * 500 + "\x1b"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable and shows the value, shortened, and what to do."""
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=rf"^{name} is set to '{value[:9]}") as caught:
        load_settings()
    assert "variable" in caught.value.remedy
    assert len(str(caught.value)) < 300


def test_an_unknown_setting_is_refused() -> None:
    """A misspelt argument is an error that lists the settings, not silence."""
    with pytest.raises(UsageError, match="there is no setting 'libary': take one of: library, "):
        load_settings(libary="x")


def test_an_unreadable_file_is_named() -> None:
    """A .env that is no text is an error that names it."""
    Path(".env").write_bytes(b"RAG_CANDIDATES=\xff\xfe")
    with pytest.raises(UsageError, match=r"\.env cannot be read"):
        load_settings()


def test_settings_are_frozen() -> None:
    """A setting cannot be changed after it was read."""
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().candidates = 10  # type: ignore[misc]
