"""A browser in front of a house with single sign-on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from access.sso.door import Door, open_door
from antiphon.kernel.db import Database


@pytest_asyncio.fixture
async def door(database: Database) -> AsyncIterator[Door]:
    async with open_door(database) as made:
        yield made
