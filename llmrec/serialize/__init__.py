"""Histories and items as timestamped text."""
