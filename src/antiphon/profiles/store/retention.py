"""What retention reads and lets go."""
