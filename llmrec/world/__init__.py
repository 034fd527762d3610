"""The embedded simulated worlds."""
