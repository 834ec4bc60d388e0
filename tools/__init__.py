"""What builds, runs and checks the book; nothing here is needed to read it."""
