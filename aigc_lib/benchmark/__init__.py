"""The training loop of the textbooks beside ours."""
