"""The room of chapter 2, core concepts."""
