"""See antiphon/profiles/kinds.py: it stands there because identifiers.py needs it too (no cycles)."""

from antiphon.profiles.kinds import KINDS, SCOPES, base, check, fault, rank, scope

__all__ = ["KINDS", "SCOPES", "base", "check", "fault", "rank", "scope"]
