"""Who belongs together: see docs/explanation/identity.md.

rules.py     what an operator can change: how far each kind of identifier is believed
people.py    the one pure function from identifiers, links and verdicts to people
"""
