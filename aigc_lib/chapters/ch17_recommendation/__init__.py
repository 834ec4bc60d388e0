"""The room of chapter 17, recommendation."""
