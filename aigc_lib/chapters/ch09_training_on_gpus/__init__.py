"""The room of chapter 9, training on gpus."""
