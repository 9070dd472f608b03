"""config/logproc.toml agrees with Settings: every key, in the same order, with its default, text, unit and limits."""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING, Field
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import pytest

from logproc.formats.detection.choice import Choice
from logproc.model.columns import Account
from logproc.model.knobs import GROUPS
from logproc.settings import Settings, convert, knobs, read_config
from tests.formats.readings import read

CONFIG = Path(__file__).parents[1] / "config" / "logproc.toml"
KEY = re.compile(r"^(#?)([a-z-]+ = .*)$", re.MULTILINE)
KNOBS = {item.name.replace("_", "-"): item for item in knobs()}


def entries(text: str) -> dict[str, tuple[bool, Any, str]]:
    """Return for each key whether it is set (not commented out), its value, and the comment above it as one line."""
    found = {}
    for block in text.split("\n\n"):
        comment = [line.removeprefix("#").strip() for line in block.splitlines() if not KEY.fullmatch(line)]
        for sign, assignment in KEY.findall(block):
            ((key, value),) = tomllib.loads(assignment).items()
            found[key] = (not sign, value, " ".join(comment))
    return found


ENTRIES = entries(CONFIG.read_text("utf-8"))


def choices(name: str) -> tuple[str, ...]:
    """Return the choices of a setting, empty if it takes any value."""
    hint = get_type_hints(Settings)[name]
    hint = get_args(hint)[0] if getattr(hint, "__origin__", None) is tuple else hint
    return get_args(hint) if getattr(hint, "__origin__", None) is Literal else ()


def facts(item: Field[Any]) -> list[str]:
    """Return the text that the comment above a key must contain."""
    least, most = item.metadata["least"], item.metadata["most"]
    limits = [f"{least} to {most}"] if most is not None else [f"at least {least}"] if least is not None else []
    return [item.metadata["text"], item.metadata["unit"], *limits, *choices(item.name)]


def test_the_file_has_every_setting_and_nothing_else() -> None:
    """The keys are those of Settings, in its order."""
    assert list(ENTRIES) == list(KNOBS)


def test_the_settings_of_a_group_are_under_its_heading() -> None:
    """The groups are those of the help, in its order."""
    parts = re.split(r"^# ---- (.*) ----$", CONFIG.read_text("utf-8"), flags=re.MULTILINE)
    found = {title: list(entries(text)) for title, text in zip(parts[1::2], parts[2::2], strict=True)}
    of_group = {group: [name for name, item in KNOBS.items() if item.metadata["group"] == group] for group in GROUPS}
    assert found == {**of_group, "Formats of your own": []}


def test_the_file_as_it_stands_changes_nothing() -> None:
    """Reading the file gives the defaults."""
    assert Settings(**read_config(CONFIG)) == Settings()


@pytest.mark.parametrize("key", KNOBS)
def test_a_key_is_in_force_if_it_has_a_default(key: str) -> None:
    """A setting with a default is set to it; one without is commented out, with a valid example."""
    in_force, value, _ = ENTRIES[key]
    item = KNOBS[key]
    converted = convert(item.name, value, key)
    assert in_force is (item.default is not None)
    assert item.default is not MISSING
    assert converted == item.default if in_force else Settings(**{item.name: converted})


@pytest.mark.parametrize("key", KNOBS)
def test_the_comment_says_what_settings_says_and_why(key: str) -> None:
    """The comment above each key has its text, unit, limits and choices, and then a reason for the default."""
    comment = ENTRIES[key][2]
    missing = [fact for fact in facts(KNOBS[key]) if fact not in comment]
    assert not missing
    reason = re.sub(r"^\([^)]*\)", "", comment.removeprefix(KNOBS[key].metadata["text"]).strip())
    assert reason.strip()


def test_the_example_tables_work(tmp_path: Path) -> None:
    """The tables at the end of the file, without their `# `, are two formats that fit what they are for."""
    text = CONFIG.read_text("utf-8")
    tables = re.sub("^# ?", "", text[text.index("# [patterns]") :], flags=re.MULTILINE)
    copy = tmp_path / "logproc.toml"
    copy.write_text(tables, "utf-8")
    settings = Settings(**read_config(copy))
    choice = Choice.of(None, None, None, {**dict(settings.patterns), **dict(settings.formats)})
    ticket, shop = choice.own
    assert (ticket.name, shop.name) == ("ticket", "shop")
    assert read(shop, shop.example.encode() + b"\n  further\n").account == Account(lines=2, records=1, continuation=1)
    assert read(ticket, b"7f3a|2026-03-07T10:00:00Z|cart|412\n").account == Account(lines=1, records=1)


def test_a_file_that_differs_is_told() -> None:
    """The parser of these tests sees keys, comments and commented-out keys, so the tests above can fail."""
    text = '# Head.\n\n# Text. (bytes)\n# Reason.\nmemory = "1MiB"\n\n# Other.\n#made-up = 3\n'
    assert entries(text) == {"memory": (True, "1MiB", "Text. (bytes) Reason."), "made-up": (False, 3, "Other.")}
