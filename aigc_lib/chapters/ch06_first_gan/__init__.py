"""The room of chapter 6, first gan."""
