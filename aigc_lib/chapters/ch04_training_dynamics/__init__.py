"""The room of chapter 4, training dynamics."""
