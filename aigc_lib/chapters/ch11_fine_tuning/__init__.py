"""The room of chapter 11, fine tuning."""
