"""HTML pages filled from templates that lie beside the code that fills them."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import jinja2

if TYPE_CHECKING:
    from collections.abc import Iterable


CHARACTER_PX = 7.5
"""About the width of a character of a plot's labels, which are 13 pixels high."""


def label_width(names: Iterable[str]) -> int:
    """Return how many pixels the longest name of a plot takes."""
    return round(CHARACTER_PX * max(map(len, names), default=0)) + 10


def filled(package: str, name: str, **values: object) -> str:
    """Return a template filled with values; every text among them is escaped.

    Args:
        package: The package in which the template lies, and those that it includes.
        name: The template's file.
        values: Everything that the template names; one that is missing is an error.
    """
    folder = resources.files(package)
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(
            lambda name: folder.joinpath(name).read_text(encoding="utf-8")
        ),
    )
    return environment.get_template(name).render(**values)
