"""The room of chapter 3, adversarial objective."""
