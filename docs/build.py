"""Write the API reference from the docstrings into site/ (``make docs``)."""

from __future__ import annotations

import sys
from pathlib import Path

import pdoc


def main(out: Path) -> None:
    """Render every public module; a docstring that pdoc cannot read stops the build."""
    pdoc.render.configure(docformat="google", footer_text="llmrec", search=True)
    pdoc.pdoc(
        "llmrec",
        "!llmrec.prompts",
        "!llmrec.eval",
        "!llmrec.finetune",
        "!llmrec.index",
        output_directory=out,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "site"))
