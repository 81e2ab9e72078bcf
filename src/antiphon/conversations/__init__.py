"""People talking back: one endless thread per customer, inbox, routing, the bot and people taking turns.

Not built yet: this room holds its promise only.
"""
