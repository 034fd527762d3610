"""How a log is to be read: which column is what, and in which unit its times are."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (Pydantic evaluates it)
from typing import Literal

from llmrec.config import Settings


class ImportOptions(Settings):
    """The column mapping and the conventions of one log.

    Raises:
        ConfigError: From ``ImportOptions.of``: an unknown option or a wrong value, by name.
    """

    user: str = "user_id"
    """Column of the user ids. Ids are kept as strings, leading zeros included."""
    item: str = "item_id"
    """Column of the item ids."""
    time: str = "timestamp"
    """Column of the times."""
    rating: str | None = None
    """Column of the ratings (numbers; an empty cell is an event without a rating)."""
    event: str | None = None
    """Column of the kinds of event (text, e.g. ``view``, ``purchase``)."""
    quantity: str | None = None
    """Column of the quantities (numbers)."""
    price: str | None = None
    """Column of the prices paid (numbers)."""
    text: str | None = None
    """Column of what users wrote, such as a review."""
    order: str | None = None
    """Column of the order or invoice numbers (text); cleaning knows cancellations by them."""
    sequence: str | None = None
    """Column of the order among one user's events of one second (whole numbers)."""
    ties: Literal["file", "item-id"] = "file"
    """Where no ``sequence`` is given: order such events as the file does, or by item id (as
    numbers)."""

    time_unit: Literal["s", "ms", "us"] | None = None
    """The unit of numeric times since 1970 (UTC); None reads ISO 8601 texts and typed columns."""
    time_zone: str | None = None
    """Zone of times that carry none, e.g. ``Europe/Berlin``; never guessed."""
    ambiguous_times: Literal["refuse", "earlier", "later"] = "refuse"
    """What a local time means that occurred twice, when clocks were set back."""

    items: Path | None = None
    """File of the items; without it, items are those of the log and their ids are the titles."""
    item_id: str = "item_id"
    """Column of the ids in the items file."""
    title: str = "title"
    """Column of the titles in the items file."""
    attributes: tuple[str, ...] | None = None
    """Further columns of the items file to keep; None keeps all."""
    list_separator: str | None = None
    """What separates the values of a list in a text cell, e.g. ``|``; None splits nothing."""
    list_columns: tuple[str, ...] = ()
    """The columns to split; empty splits every attribute in which the separator occurs. Without a
    separator, the columns whose cells are lists as Python or JSON writes them: ``['a', 'b']``."""
    image_columns: tuple[str, ...] = ()
    """Columns of the items file with paths of pictures; relative ones start at its folder. They are
    kept as absolute paths, and each must exist; ``https:`` and other addresses stay as they are."""

    users: Path | None = None
    """File of what is known of users, for groups in reports; it never enters a prompt."""
    user_id: str = "user_id"
    """Column of the ids in the users file."""
    user_attributes: tuple[str, ...] = ()
    """Columns of the users file to keep: text or numbers; none is kept unasked."""

    table: str | None = None
    """Of a database: the table of the log."""
    query: str | None = None
    """Of a database: the SQL query of the log, instead of a table."""
    items_table: str | None = None
    """Of a database: the table of the items."""
    items_query: str | None = None
    """Of a database: the SQL query of the items, instead of a table."""

    separator: str | None = None
    """What separates the fields of a CSV file; None means a tab for .tsv, else a comma."""
    encoding: str = "utf-8"
    """The encoding of text files."""
