"""What all else stands on: device, files, checkpoints, what training loops share, figures."""
