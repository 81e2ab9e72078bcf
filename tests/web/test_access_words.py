"""Whatever can stand in the audit log, and each role, permission and problem, has words."""

from __future__ import annotations

import re
from typing import get_args

import msgspec
import pytest

from antiphon.access import audit
from antiphon.access.roles import ROLES
from antiphon.access.sso_records import SignInProblem
from antiphon.kernel.permissions import PERMISSIONS
from flows.callers import needs
from web.bundle import ROOT
from web.colleagues import WORDS

pytestmark = pytest.mark.timeout(300)


def words(locale: str = "en") -> dict[str, str]:
    files = (WORDS / locale).glob("*.json")
    return {key: text for file in files for key, text in msgspec.json.decode(file.read_bytes()).items()}


def test_whatever_can_stand_in_the_audit_log_has_words_and_can_be_asked_for() -> None:
    acts = set()
    for (method, path), permission in needs().items():
        if audit.is_audited(permission, method) and "{act}" not in path:
            acts.add(audit.act_of(method, f"/api/v1{path}", {}))
    source = (ROOT / "web/src/routes/settings/audit.ts").read_text()
    areas = dict(re.findall(r'^  "?([a-z-]+)"?: (\[[^\]]*\])', source, re.MULTILINE))
    listed = {f"{area}.{verb}" for area, verbs in areas.items() for verb in re.findall(r'"(\w+)"', verbs)}
    assert acts - listed == set()
    told = words()
    assert {act for act in listed if f"audit.{act}" not in told} == set()
    assert {area for area in areas if f"log.area.{area}" not in told} == set()


def test_roles_permissions_and_problems_have_words() -> None:
    keys = [
        *(f"app.sign_in.problem.{problem}" for problem in get_args(SignInProblem)),
        *(f"permission.{name}" for name in PERMISSIONS if name not in ("public", "self", "enrol")),
        *(f"{stem}.{role}" for role in ROLES for stem in ("app.role", "team.role.text")),
    ]
    assert [key for key in keys if key not in words()] == []
