"""Many messages to one person over time: steps, waits, branches, exits.

Not built yet: this room holds its promise only.
"""
