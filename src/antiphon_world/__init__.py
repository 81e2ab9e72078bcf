"""The outside world, as a separate program: mail servers, operators, push services and the customers behind them.

It speaks the real protocols (SMTP, SMPP 3.4, HTTP with RFC 8030 and 8291), keeps its own log and knows nothing of
the platform under test but its public addresses. Nothing here is random: what a customer does with a message is a
hash of (seed, address, nth message to that address). Answers and receipts take wall time; habits follow the
platform's product clock, so a jump of 21 days makes everything happen that would have happened in them.

Command line, log, fault script and habits: docs/reference/world.md.
"""
