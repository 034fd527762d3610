"""The report of a cleaning as a file: JSON, or one HTML page that loads nothing from anywhere."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from llmrec.artifacts import check_writable, replace_file
from llmrec.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SECTIONS = {
    "over_time": "Events over time",
    "per_user": "Users by number of events",
    "per_item": "Items by number of events",
    "gaps": "Gaps between a user's successive events",
    "ties": "Events by how many of the user lie in their second",
    "hour": "Events by hour (UTC)",
    "weekday": "Events by weekday (UTC)",
    "top_items": "Items with the most events",
}
_COUNTS = ("events", "users", "items", "first", "last", "tied_share")
_WIDTH = 220
_LABEL = 18  # characters


def check_report(path: Path) -> None:
    """Refuse a place or an ending where no report can be written, before any work.

    Raises:
        ConfigError: The ending is neither .html nor .json.
        ArtifactError: Nothing can be written there.
    """
    if path.suffix not in {".html", ".json"}:
        raise ConfigError(
            f"--report {path}: unknown ending {path.suffix!r}", remedy="Use .html or .json."
        )
    check_writable(path)


def write_report(
    path: Path, journal: Mapping[str, Any], *, source: str, titles: Mapping[str, str]
) -> None:
    """Write the report of one cleaning, whole or not at all.

    Args:
        path: A file that ends in .html or .json.
        journal: ``Journal.as_json`` with ``profiles``.
        source: What was read.
        titles: Item id -> title, for the items with the most events.

    Raises:
        ArtifactError: Nothing can be written there.
    """
    text = _page(journal, source, titles) if path.suffix == ".html" else _json(journal, source)
    with replace_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _json(journal: Mapping[str, Any], source: str) -> str:
    return json.dumps({"source": source, **journal}, ensure_ascii=False, indent=2) + "\n"


def _page(journal: Mapping[str, Any], source: str, titles: Mapping[str, str]) -> str:
    import jinja2

    template = resources.files(__package__).joinpath("report.html.jinja").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    profiles = journal["profiles"]
    return environment.from_string(template).render(
        source=source,
        journal=journal,
        counts=compared(profiles),
        sections=[
            (title, [(when, _bars(profiles[when][key], titles)) for when in ("before", "after")])
            for key, title in _SECTIONS.items()
        ],
    )


def compared(profiles: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return rows of name, value before and value after, in words."""
    before, after = profiles["before"], profiles["after"]
    return [
        (name.replace("_", " "), _told(name, before[name]), _told(name, after[name]))
        for name in _COUNTS
    ]


def _told(name: str, value: object) -> str:
    if name.endswith("_share"):
        return f"{float(str(value)):.1%}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _bars(counts: Mapping[str, int], titles: Mapping[str, str]) -> list[tuple[str, int, int]]:
    """Return label, count and width of each bar."""
    most = max(counts.values(), default=0) or 1
    return [
        (_short(titles.get(label, label)), count, round(_WIDTH * count / most))
        for label, count in counts.items()
    ]


def _short(label: str) -> str:
    return label if len(label) <= _LABEL else f"{label[: _LABEL - 1]}\N{HORIZONTAL ELLIPSIS}"
