"""The room of chapter 10, pretraining language models."""
