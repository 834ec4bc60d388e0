"""Tests that need a GPU and nothing beside PyTorch; others stand beside their eager twins."""
