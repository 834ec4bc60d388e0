"""The room of chapter 14, film scenes."""
