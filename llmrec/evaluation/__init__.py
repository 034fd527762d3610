"""Protocols, runs and what is fitted on validation data."""
