"""Assembly only: the command line, the web process, the worker, the wiring between parts, the sample company."""
