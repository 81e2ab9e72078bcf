"""What a rule can say, in JSON and in words. No I/O."""
