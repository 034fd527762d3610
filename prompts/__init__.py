"""Released prompt templates; see README.md for the catalogue."""
