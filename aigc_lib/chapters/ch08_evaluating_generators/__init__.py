"""The room of chapter 8, evaluating generators."""
