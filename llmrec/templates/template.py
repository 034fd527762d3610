"""Templates: found by id, checked when loaded, known by a hash of all that they are made of.

A chat template declares its parts as Jinja blocks, ``system`` (optional) and ``user``, and holds
nothing outside them. Any other template is a text. Both may include partials by a literal name.
Templates are sandboxed, nothing in them is random, and a value they were not given is an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import jinja2

from llmrec.errors import TemplateError, did_you_mean
from llmrec.types import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

TemplateKind = Literal["chat", "text"]
_ROLES: tuple[Literal["system", "user"], ...] = ("system", "user")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A loaded template; its variables are checked by name whenever it is rendered."""

    template_id: str
    """``<task>/<name>.v<N>``."""
    sha256: str
    """Hash of the file and of every partial that it includes, by name and content."""
    variables: frozenset[str]
    """Exactly what must be given, partials included."""
    kind: TemplateKind
    compiled: jinja2.Template = field(repr=False, compare=False)

    def messages(self, **variables: object) -> tuple[Message, ...]:
        """Render the template's parts as the turns of a chat.

        Args:
            **variables: Exactly ``self.variables``.

        Raises:
            TemplateError: It is a text template, a variable is missing, unknown or None, or a
                part fails or comes out empty.
        """
        self._check(variables, kind="chat")
        parts = [role for role in _ROLES if role in self.compiled.blocks]
        return tuple(Message(role=role, content=self._rendered(role, variables)) for role in parts)

    def text(self, **variables: object) -> str:
        """Render a text template.

        Args:
            **variables: Exactly ``self.variables``.

        Raises:
            TemplateError: It is a chat template, a variable is missing, unknown or None, or it
                fails.
        """
        self._check(variables, kind="text")
        return self._rendered(None, variables)

    def _check(self, variables: Mapping[str, object], *, kind: TemplateKind) -> None:
        if self.kind != kind:
            verb = "messages" if self.kind == "chat" else "text"
            raise TemplateError(
                f"template {self.template_id!r} is a {self.kind} template, not a {kind} template",
                remedy=f"Render it with Template.{verb}().",
            )
        faults, remedy = [], None
        if missing := sorted(self.variables - variables.keys()):
            faults.append(f"missing {', '.join(map(repr, missing))}")
        if unknown := sorted(variables.keys() - self.variables):
            faults.append(f"unknown {', '.join(map(repr, unknown))}")
            remedy = did_you_mean(unknown[0], sorted(self.variables))
        if nothing := sorted(name for name, value in variables.items() if value is None):
            faults.append(f"None given for {', '.join(map(repr, nothing))}")
        if faults:
            wanted = ", ".join(sorted(self.variables)) or "nothing"
            raise TemplateError(
                f"template {self.template_id!r}: {'; '.join(faults)}",
                remedy=remedy or f"It takes exactly: {wanted}.",
            )

    def _rendered(self, block: str | None, variables: Mapping[str, object]) -> str:
        """Render one block, or the whole file; line ends around the text are dropped."""
        context = self.compiled.new_context(dict(variables))
        root = self.compiled.root_render_func if block is None else self.compiled.blocks[block]
        try:
            text = "".join(root(context)).strip("\n")
        except (jinja2.TemplateError, TypeError, ValueError, KeyError) as error:
            raise TemplateError(f"template {self.template_id!r} fails: {error}") from error
        if block is not None and not text.strip():
            raise TemplateError(f"template {self.template_id!r}: its {block} part is empty")
        return text
