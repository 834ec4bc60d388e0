"""The room of chapter 15, customer service."""
