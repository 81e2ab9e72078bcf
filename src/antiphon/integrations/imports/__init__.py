"""Files of people and events: CSV and JSON lines, also packed with gzip."""
