"""The room of chapter 1, what is aigc."""
