"""Candidates from an item index."""
