"""The room of chapter 0, are you ready."""
