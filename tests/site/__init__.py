"""Checks of the built site; the canaries use the same functions on pages that must fail."""
