"""``llmrec data get``: a published data set from its publisher, or from an archive that is here."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmrec.cli.data_import import (
    OutPath,
    RuleOption,
    RulesFile,
    StrictFlag,
    rules_of,
    status,
    tell_written,
)
from llmrec.cli.output import JsonFlag, note

if TYPE_CHECKING:
    from llmrec.data.published import Published

_CONSENTS = "consents.json"


def get(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="E.g. ml-1m, amazon-2023:All_Beauty, steam.")
    ],
    out: OutPath,
    *,
    archive: Annotated[
        Path | None, typer.Option(help="The archive or folder, where it is here already.")
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept-licence", help="You have read and accept its terms.")
    ] = False,
    downloads: Annotated[
        Path | None, typer.Option(help="Where downloads and consents are kept.")
    ] = None,
    rules: RulesFile = None,
    rule: RuleOption = None,
    strict: StrictFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Download a published data set, verify it and import it; its terms are asked about once.

    A download that was cut off goes on where it stopped. It is verified by the publisher's own
    checksum where there is one, else by that of the first download.
    """
    from llmrec.artifacts import check_place
    from llmrec.data import import_dataset
    from llmrec.data.download import fetch
    from llmrec.data.published import published

    known = published(name)
    check_place(out, "dataset")
    cleaning = rules_of(rules, rule, strict=strict)
    if archive is None:
        folder = downloads or _default_folder()
        _ask(name, known, folder, accepted=accept)
        with status(f"fetching {name} ..."):
            archive = fetch(known, name, folder)
    with status(f"reading {archive} ..."):
        dataset = import_dataset(archive, out, format=known.format, rules=cleaning)
    tell_written(dataset, as_json=as_json)


def _default_folder() -> Path:
    from llmrec.llm.models import cache_root

    return cache_root() / "downloads"


def _ask(name: str, known: Published, folder: Path, *, accepted: bool) -> None:
    """Show the terms and ask, once for each data set and wording of its terms.

    Raises:
        ConfigError: They are not accepted, or nobody is there to ask.
    """
    from llmrec.artifacts import replace_file
    from llmrec.errors import ConfigError

    file = folder / _CONSENTS
    given = json.loads(file.read_text()) if file.is_file() else {}
    if not known.urls or given.get(name, {}).get("licence") == known.licence:
        return
    note(f"{name}: {known.licence} {known.page}")
    if not accepted:
        if not sys.stdin.isatty():
            raise ConfigError(
                f"the terms of {name} are not accepted yet: {known.licence}",
                remedy=f"Read {known.page}, then add --accept-licence.",
            )
        if not typer.confirm("Do you accept these terms?", err=True):
            raise ConfigError(f"without accepting its terms {name} is not fetched")
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    with replace_file(file) as draft:
        record = {**given, name: {"licence": known.licence, "at": moment}}
        draft.write_text(json.dumps(record, indent=2) + "\n")
