"""Tables in, validated tables out: readers, datasets and splits."""
