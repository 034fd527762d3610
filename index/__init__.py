"""Item-index recipes (YAML) and launchers."""
