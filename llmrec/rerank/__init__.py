"""Scores for every candidate, and their fusion with the retriever's."""
