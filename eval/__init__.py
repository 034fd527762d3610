"""Evaluation protocols (YAML), benchmark launchers and committed results."""
