"""Who may do what here.

Built: API keys with a scope, kept as hashes. Promised: staff, roles, sessions, single sign-on, audit.
"""
