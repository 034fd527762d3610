"""A closed reading of English explanations: every claim checked, every word accounted for."""
