"""Write the API reference from the docstrings into site/ (``make docs``)."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

import pdoc

import llmrec


def main(out: Path) -> None:
    """Render every package; a docstring that pdoc cannot read stops the build."""
    packages = [f"llmrec.{found.name}" for found in pkgutil.iter_modules(llmrec.__path__)]
    for module in map(importlib.import_module, ["llmrec", *packages]):
        for name in getattr(module, "__all__", ()):  # lazy names become real ones
            setattr(module, name, getattr(module, name))
    pdoc.render.configure(docformat="google", footer_text="llmrec", search=True)
    pdoc.pdoc("llmrec", *packages, output_directory=out)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "site"))
