"""Versioned prompt templates, rendered once to token ids."""
