"""Evidence first, words second, checks last."""
