"""Language-model engines behind one Protocol."""
