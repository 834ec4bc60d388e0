"""The room of chapter 16, financial monitoring."""
