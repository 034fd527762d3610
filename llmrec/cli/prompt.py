"""``llmrec prompt``: list, render and check prompt templates."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.cli.options import ConfigFile, DatasetOption, settings
from llmrec.cli.output import JsonFlag, print_json, print_rows
from llmrec.errors import ConfigError, TemplateError

if TYPE_CHECKING:
    from llmrec.cli.prompt_values import Wish
    from llmrec.templates import Template
    from llmrec.types import Message, Tokenizer

app = typer.Typer(no_args_is_help=True, help="List, check and render prompt templates.")

Folder = Annotated[
    Path | None, typer.Option("--templates", help="A folder of your own, laid out like prompts/.")
]
_WRONG = ("changed", "missing", "broken")


@app.command("list")
def list_(*, templates: Folder = None, as_json: JsonFlag = False) -> None:
    """List all templates: what they take, and their SHA-256."""
    from llmrec.templates import load_template, template_ids

    found = [load_template(name, folder=templates) for name in template_ids(folder=templates)]
    facts = [(t.template_id, t.kind, sorted(t.variables), t.sha256) for t in found]
    names = ("template", "kind", "variables", "sha256")
    if as_json:
        print_json([dict(zip(names, fact, strict=True)) for fact in facts])
        return
    short = [(name, kind, ", ".join(takes), sha256[:12]) for name, kind, takes, sha256 in facts]
    print_rows([dict(zip(names, row, strict=True)) for row in short])


@app.command()
def check(*, templates: Folder = None, as_json: JsonFlag = False) -> None:
    """Check that every template loads, and that no released one has changed."""
    rows = _states(templates)
    if as_json:
        print_json(rows)
    else:
        print_rows(rows)
    if wrong := [f"{row['template']} ({row['state']})" for row in rows if row["state"] in _WRONG]:
        raise TemplateError(
            f"not as released: {', '.join(wrong)}",
            remedy="A released version never changes: put it back, and make a new version.",
        )


@app.command()
def show(
    template_id: Annotated[str, typer.Argument(metavar="TEMPLATE", help="E.g. rank/labels.v1.")],
    *,
    config: ConfigFile = None,
    dataset: DatasetOption = None,
    user: Annotated[str | None, typer.Option("--user", help="A user of the dataset.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="ISO moment; only what came before is shown.")
    ] = None,
    item: Annotated[
        str | None, typer.Option("--item", help="The id of the item to explain or describe.")
    ] = None,
    candidates: Annotated[
        int | None, typer.Option(min=0, help="How many to list; default: as the template needs.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of the answer, by its name.")] = "English",
    model: Annotated[
        str | None, typer.Option("--model", help="Whose chat format: name, folder or .gguf file.")
    ] = None,
    tokens: Annotated[bool, typer.Option("--tokens", help="Show the token ids too.")] = False,
    templates: Folder = None,
    as_json: JsonFlag = False,
) -> None:
    """Render a template as a model reads it.

    Without a user it shows an authored example. With one the history is theirs, written as the
    configuration says (--config, else ./llmrec.yaml); candidates and evidence are stand-ins (a
    fixed sample of the other items, the newest events), since here nothing is retrieved or
    scored. Without --model it prints the messages, before any model's chat format is put around
    them, and counts four bytes as a token.
    """
    from llmrec.cli.prompt_values import Wish, text_for
    from llmrec.templates import load_template

    template = load_template(template_id, folder=templates)
    asked = any(value is not None for value in (config, dataset, user, item))
    wish = Wish(
        config=settings(config, dataset=dataset) if asked else None,
        user=user,
        as_of=as_of,
        item=item,
        candidates=candidates,
        language=language,
    )
    if template.kind == "text" and model is not None:
        raise ConfigError(
            f"{template_id} is read by an encoder and has no chat format", remedy="Drop --model."
        )
    if tokens and model is None:
        raise ConfigError("--tokens needs a tokenizer", remedy="Name one with --model.")
    if template.kind == "text":
        shown: dict[str, Any] = {"text": text_for(template, wish)}
    else:
        shown = _chat(template, wish, None if model is None else _tokenizer(model))
    if not tokens:
        shown.pop("token_ids", None)
    if as_json:
        print_json({"template": template_id, "sha256": template.sha256, **shown})
    else:
        _print_shown(shown)


def _states(folder: Path | None) -> list[dict[str, str]]:
    """Return each template as released, unreleased, changed, missing or broken."""
    from llmrec.templates import load_template, released, template_ids

    pinned, names = released(), template_ids(folder=folder, partials=True)
    rows = []
    for name in sorted({*pinned, *names}):
        state, detail = "missing", ""
        if name in names:
            try:
                detail = load_template(name, folder=folder).sha256
                state = "unreleased" if name not in pinned else "released"
                state = "changed" if detail != pinned.get(name, detail) else state
            except TemplateError as error:
                state, detail = "broken", error.message
        rows.append({"template": name, "state": state, "sha256": detail})
    return rows


def _tokenizer(model: str) -> Tokenizer:
    """Return the tokenizer of a model by name, or of a folder or file that holds one."""
    from llmrec.llm.models import obtain
    from llmrec.llm.tokenizer import ChatTokenizer

    path = Path(model).expanduser()
    return ChatTokenizer.load(path if path.exists() else obtain(model))


def _chat(template: Template, wish: Wish, tokenizer: Tokenizer | None) -> dict[str, Any]:
    """Render a chat template: its messages and, with a tokenizer, its text and ids."""
    from llmrec.cli.prompt_values import values_for
    from llmrec.templates import render

    values, as_of = values_for(template, wish, tokenizer)
    shown: dict[str, Any] = {"as_of": as_of.isoformat()}
    if tokenizer is None:
        return {**shown, "messages": _plain(template.messages(**values))}
    prompt = render(template, values, tokenizer=tokenizer, as_of=as_of)
    return {
        **shown,
        "messages": _plain(prompt.messages),
        "text": tokenizer.decode(prompt.token_ids),
        "n_tokens": len(prompt.token_ids),
        "token_ids": list(prompt.token_ids),
    }


def _plain(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def _print_shown(shown: dict[str, Any]) -> None:
    """Print the text exactly as it is (no markup, no wrapping), then figures about it."""
    if "text" in shown:
        lines = [shown["text"]]
    else:
        lines = [f"--- {turn['role']}\n{turn['content']}" for turn in shown["messages"]]
    sys.stdout.write("\n".join(lines) + "\n")
    if "n_tokens" in shown:
        sys.stderr.write(f"{shown['n_tokens']} tokens\n")
    if "token_ids" in shown:
        sys.stdout.write(" ".join(map(str, shown["token_ids"])) + "\n")
