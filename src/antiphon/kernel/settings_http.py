"""Settings over HTTP, one by one and as a form. Values alone: `GET /settings`."""

from __future__ import annotations

from typing import Any

from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, NotFound
from antiphon.kernel.http import delete, get, put
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.settings_form import SettingForm, SettingGroup, forms, groups

ELSEWHERE = {
    "identity": "Rules of identity are set with PUT /api/v1/identity, which checks them and shows what follows."
}


class SettingValue(Struct, forbid_unknown_fields=True):
    """`value`: as the setting's JSON Schema has it, whole."""

    value: Any


@get("/settings/form", permission="settings.read")
async def form(runtime: NamedDependency[Runtime]) -> list[SettingGroup]:
    """All settings in the sections of the form, each with what is needed to show and edit it."""
    async with runtime.database.transaction(read_only=True) as tx:
        return groups(await settings.read(tx), await settings.is_set(tx))


@get("/settings/{setting:str}", permission="settings.read")
async def show(runtime: NamedDependency[Runtime], setting: FromPath[str]) -> SettingForm:
    _known(setting)
    async with runtime.database.transaction(read_only=True) as tx:
        return await _form(tx, setting)


@put("/settings/{setting:str}", permission="settings.write")
async def write(runtime: NamedDependency[Runtime], setting: FromPath[str], data: JSONBody[SettingValue]) -> SettingForm:
    """Set one; the others stay. What is wrong is named by its place in the setting, such as `quiet_hours.start`."""
    _writable(setting)
    async with runtime.database.transaction() as tx:
        await settings.write(tx, {setting: data.value})
        return await _form(tx, setting)


@delete("/settings/{setting:str}", permission="settings.write", status_code=200)
async def reset(runtime: NamedDependency[Runtime], setting: FromPath[str]) -> SettingForm:
    """Back to the default."""
    _writable(setting)
    async with runtime.database.transaction() as tx:
        await settings.reset(tx, setting)
        return await _form(tx, setting)


def _known(name: str) -> None:
    if name not in settings.NAMES:
        raise NotFound(
            "There is no setting {name}; there are {known}.", name=name[:60], known=", ".join(sorted(settings.NAMES))
        )


def _writable(name: str) -> None:
    _known(name)
    if name in ELSEWHERE:
        raise Conflict(ELSEWHERE[name])


async def _form(tx: Transaction, name: str) -> SettingForm:
    found = forms(await settings.read(tx), await settings.is_set(tx))
    return next(each for each in found if each.name == name)


routes = [form, show, write, reset]
