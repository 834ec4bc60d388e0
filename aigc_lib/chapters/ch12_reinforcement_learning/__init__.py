"""The room of chapter 12, reinforcement learning."""
