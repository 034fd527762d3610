"""The terminal: one Typer app over the library.

Exit codes: 0 done; 1 unexpected fault; 2 wrong option or configuration; 3 a package is missing;
4 wrong data or unknown id; 5 damaged or foreign artifact; 6 prompt template; 7 model or server;
130 interrupted.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; expected errors become one message and their exit code."""
    from llmrec.cli.app import app
    from llmrec.errors import LlmrecError

    try:
        app()
    except LlmrecError as error:
        sys.stderr.write(f"error: {error.message}\n")
        if error.remedy:
            sys.stderr.write(f"  fix: {error.remedy}\n")
        sys.exit(error.exit_code)
