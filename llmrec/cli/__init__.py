"""The terminal: one Typer app over the library.

Exit codes: 0 done; 1 unexpected fault; 2 wrong option or configuration; 3 a package is missing;
4 wrong data or unknown id; 5 damaged or foreign artifact, or a place that cannot be written;
6 prompt template; 7 model or server; 130 interrupted.

With ``--json`` an error is one JSON object on standard error, its exit code the same.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Run the command line; expected errors become one message and their exit code."""
    from llmrec.cli.app import app
    from llmrec.errors import LlmrecError

    as_json = "--json" in sys.argv[1:]
    try:
        if as_json:
            sys.exit(_answered(app))
        app()
    except LlmrecError as error:
        from llmrec.cli.output import tell_error

        tell_error(error, as_json=as_json)
        sys.exit(error.exit_code)


def _answered(app: typer.Typer) -> int:
    """Run the app; a wrong option is raised as ours, and so told like every other error."""
    import typer

    from llmrec.errors import ConfigError

    usage_error: Any = typer.BadParameter.__mro__[1]  # which Typer does not export by its own name
    try:
        return app(standalone_mode=False) or 0
    except usage_error as error:
        raise ConfigError(error.format_message(), remedy="--help shows the options.") from None
