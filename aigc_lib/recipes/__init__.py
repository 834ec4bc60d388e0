"""What made the shipped weights, one command each."""
