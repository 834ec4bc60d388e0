"""The room of chapter 5, workflow."""
