"""Finetuning recipes (YAML) and launchers."""
