"""Where templates come from: those of the package, and folders of the user's own."""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from llmrec.artifacts import sha256_of
from llmrec.errors import TemplateError, did_you_mean
from llmrec.templates.template import Template, TemplateKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

ENDING = ".jinja"
PARTIALS = "shared"
"""The folder of what is only ever included."""
_ID = re.compile(r"[a-z0-9][a-z0-9_-]*/[a-z0-9][a-z0-9_-]*\.v[1-9][0-9]*")


def load_template(template_id: str, *, folder: Path | None = None) -> Template:
    """Load a template by id.

    Args:
        template_id: ``<task>/<name>.v<N>``.
        folder: A folder of one's own, laid out like ``prompts/``. It is looked in first; what it
            does not hold, partials included, comes from the package. It cannot change what is
            released: a file of a released name must be the released one.

    Raises:
        TemplateError: Unknown, not valid Jinja, not laid out as a template, or it differs from
            the released template of that id.
    """
    if folder is None:
        return _packaged(template_id)
    return _load(template_id, Path(folder))


def template_ids(*, folder: Path | None = None, partials: bool = False) -> list[str]:
    """Return the ids of all templates, sorted.

    Args:
        folder: A folder of one's own, whose templates are listed too.
        partials: List what is only ever included as well.
    """
    found = {
        name.removesuffix(ENDING)
        for root in _roots(folder)
        for name in _names(root)
        if _ID.fullmatch(name.removesuffix(ENDING))
    }
    return sorted(i for i in found if partials or not i.startswith(f"{PARTIALS}/"))


@functools.cache
def released() -> dict[str, str]:
    """Return the pinned SHA-256 of every released template and partial of the package."""
    file = importlib.resources.files("llmrec.prompts") / "released.json"
    pinned: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return pinned


@functools.cache
def _packaged(template_id: str) -> Template:
    return _load(template_id, None)


def _load(template_id: str, folder: Path | None) -> Template:
    sources = _closure(template_id, folder)
    environment = _environment(folder)
    trees = {name: _parse(environment, name, source) for name, source in sources.items()}
    return Template(
        template_id=template_id,
        sha256=_sha256(sources),
        variables=frozenset().union(*(_variables(name, tree) for name, tree in trees.items())),
        kind=_kind(template_id, trees[template_id]),
        compiled=environment.get_template(template_id + ENDING),
    )


def _sha256(sources: dict[str, str]) -> str:
    return sha256_of(sorted(sources.items()))


def _closure(template_id: str, folder: Path | None) -> dict[str, str]:
    """Return the source of a template and of all it includes, by id; refuse altered releases."""
    if not _ID.fullmatch(template_id):
        known = template_ids(folder=folder)
        raise TemplateError(
            f"{template_id!r} is not a template id, which looks like 'task/name.v1'",
            remedy=did_you_mean(template_id, known),
        )
    environment = _environment(folder)
    sources: dict[str, str] = {}
    waiting = [(template_id, template_id)]
    while waiting:
        name, wanted_by = waiting.pop()
        if name not in sources:
            sources[name] = _source(name, wanted_by, folder)
            tree = _parse(environment, name, sources[name])
            waiting += [(other, name) for other in _included(name, tree)]
    for name in sources if folder is not None else ():
        _check_released(name, sources, folder)
    return sources


def _check_released(name: str, sources: dict[str, str], folder: Path | None) -> None:
    """Refuse a file of one's own that stands in for a released one and differs from it."""
    original = _read(_roots(None)[0], name)
    if original is not None and original != sources[name]:
        raise TemplateError(
            f"{folder}/{name}{ENDING} differs from the released template {name!r}",
            remedy="A released version never changes: give yours another name or version.",
        )


def _included(name: str, tree: nodes.Template) -> Iterator[str]:
    for file in meta.find_referenced_templates(tree):
        if file is None or not _ID.fullmatch(file.removesuffix(ENDING)):
            raise TemplateError(
                f"template {name!r} includes {file or 'a file by a computed name'!r}",
                remedy=f"Include by a literal name like '{PARTIALS}/context.v1{ENDING}'.",
            )
        yield file.removesuffix(ENDING)


def _source(name: str, wanted_by: str, folder: Path | None) -> str:
    for root in _roots(folder):
        if (text := _read(root, name)) is not None:
            return text
    known = template_ids(folder=folder, partials=name != wanted_by)
    place = "" if name == wanted_by else f", which {wanted_by!r} includes"
    raise TemplateError(f"unknown template {name!r}{place}", remedy=did_you_mean(name, known))


def _read(root: Traversable, name: str) -> str | None:
    """Return a template's text; a checkout's line ends change neither it nor its hash."""
    file = root.joinpath(*f"{name}{ENDING}".split("/"))
    try:
        return file.read_bytes().decode("utf-8").replace("\r\n", "\n") if file.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"template {name!r} cannot be read: {error}") from error


def _parse(environment: jinja2.Environment, name: str, source: str) -> nodes.Template:
    try:
        return environment.parse(source)
    except jinja2.TemplateSyntaxError as error:
        raise _broken(name, error) from error


def _variables(name: str, tree: nodes.Template) -> set[str]:
    """Return what a file takes; filters and tests that do not exist are found here too."""
    try:
        return meta.find_undeclared_variables(tree)
    except jinja2.TemplateSyntaxError as error:
        raise _broken(name, error) from error


def _broken(name: str, error: jinja2.TemplateSyntaxError) -> TemplateError:
    return TemplateError(f"template {name!r}, line {error.lineno}: {error.message}")


def _kind(name: str, tree: nodes.Template) -> TemplateKind:
    """Tell chat from text; refuse a chat template that would lose what stands outside blocks."""
    if tree.find(nodes.Extends):
        raise TemplateError(
            f"template {name!r} extends another one", remedy="Include partials instead."
        )
    blocks = {block.name for block in tree.find_all(nodes.Block)}
    if not blocks:
        return "text"
    if "user" not in blocks or blocks - {"system", "user"}:
        raise TemplateError(
            f"template {name!r} has the blocks {', '.join(sorted(blocks))}",
            remedy="A chat template has a block 'user' and, if wanted, a block 'system'.",
        )
    for node in tree.body:
        if not isinstance(node, nodes.Block) and not _is_blank(node):
            raise TemplateError(
                f"template {name!r}, line {node.lineno}: this stands outside the blocks",
                remedy="Move it into the block 'system' or 'user', or into a partial.",
            )
    return "chat"


def _is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and all(
        isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes
    )


def _roots(folder: Path | None) -> list[Traversable]:
    package = importlib.resources.files("llmrec.prompts")
    if folder is None:
        return [package]
    if not folder.is_dir():
        raise TemplateError(f"the template folder {folder} does not exist")
    return [folder, package]


def _names(root: Traversable) -> Iterator[str]:
    """Yield ``<task>/<file>`` for every file two levels deep."""
    for task in root.iterdir():
        if task.is_dir():
            yield from (f"{task.name}/{file.name}" for file in task.iterdir())


def _refuse_none(value: object) -> object:
    if value is None:
        raise ValueError("a value in it is None")  # the template names itself around it
    return value


def _environment(folder: Path | None) -> jinja2.Environment:
    """Return a sandbox that reads the roots, knows nothing random and prints no None."""

    def read(name: str) -> str | None:
        texts = (_read(root, name.removesuffix(ENDING)) for root in _roots(folder))
        return next((text for text in texts if text is not None), None)

    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FunctionLoader(read),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # the output is a prompt, not HTML
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_refuse_none,
    )
    environment.globals.pop("lipsum")
    environment.filters.pop("random")
    return environment
