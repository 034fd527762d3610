"""The languages that explanations can be told in, and what is said in each without an LLM."""

from __future__ import annotations

import importlib.resources
from functools import cache
from typing import TYPE_CHECKING

import yaml

from llmrec.config import Settings

if TYPE_CHECKING:
    from datetime import datetime

NEUTRAL = "neutral"
READ = frozenset(["en"])
"""Languages whose sentences can be read claim by claim. A text in any other can be trusted only
where it is word for word what the templates say of the same facts."""


class Phrases(Settings):
    """The template sentences of one language; ``lexicon/templates.yaml`` says what each is."""

    name: str
    """What prompts call the language; empty where the code or name given is passed on."""
    date: str
    months: tuple[str, ...]
    and_: str
    event: str
    rated: str
    rated_of: str
    cause: str
    shares: str
    abstain: str
    taste: str
    roles: dict[str, str]

    def told_date(self, moment: datetime) -> str:
        """Return a date as the language writes it."""
        month: str | int = self.months[moment.month - 1] if self.months else moment.month
        return self.date.format(day=moment.day, month=month, year=moment.year)

    def listed(self, parts: list[str]) -> str:
        """Return parts as a list in words."""
        if len(parts) < 2:
            return "".join(parts)
        return ", ".join(parts[:-1]) + self.and_ + parts[-1]

    def told_value(self, role: str, value: str) -> str:
        """Return an attribute value with what it is ("the director Michael Mann")."""
        return self.roles.get(role, f"{role} {{value}}" if self.roles else "{value}").replace(
            "{value}", value
        )


@cache
def _all() -> dict[str, Phrases]:
    file = importlib.resources.files("llmrec.explain") / "lexicon" / "templates.yaml"
    loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {
        code: Phrases.of(
            {("and_" if k == "and" else k): v for k, v in row.items()}, source=str(file)
        )
        for code, row in loaded.items()
    }


def language_code(language: str) -> str:
    """Return the code of a language that has templates: "de" for "de-AT" and "German"."""
    folded = language.strip().casefold()
    for code, phrases in _all().items():
        if folded == phrases.name.casefold() and phrases.name:
            return code
    short = folded.replace("_", "-").partition("-")[0]
    return short if short in _all() and short != NEUTRAL else NEUTRAL


def language_name(language: str) -> str:
    """Return what prompts call a language: "German" for "de"; a name is passed on as it is."""
    return _all()[language_code(language)].name or language


def phrases_of(language: str) -> Phrases:
    """Return the template sentences of a language, the neutral ones where it has none."""
    return _all()[language_code(language)]
