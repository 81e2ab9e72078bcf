"""What wakes the work on memberships."""

TOPIC = "segments"
