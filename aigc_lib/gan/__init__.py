"""The adversarial game."""
