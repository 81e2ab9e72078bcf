"""Whatever a company's colour is, its pages can be read; whatever its logo's address is, the policy holds."""

from __future__ import annotations

import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.kernel import settings
from antiphon.kernel.errors import Invalid
from antiphon.kernel.settings import Settings
from antiphon.pages.brand import (
    COLOR,
    CONTRAST_MIN,
    INK_ON_DARK,
    INK_ON_LIGHT,
    PAPER_DARK,
    PAPER_LIGHT,
    brand_of,
    contrast,
    shades,
)
from pages.company import Company
from pages.stage import Stage

colors = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colors)
def test_every_colour_gets_shades_that_can_be_read(color: str) -> None:
    found = shades(color)
    for shade, others in ((found.light, (PAPER_LIGHT, INK_ON_LIGHT)), (found.dark, (PAPER_DARK, INK_ON_DARK))):
        assert min(contrast(shade, other) for other in others) >= CONTRAST_MIN
    assert re.fullmatch(r"#[0-9a-f]{6}", found.light + found.dark[:0])


@pytest.mark.parametrize("color", [COLOR, "#1f6f3f", "#8a1c1c"])
def test_a_colour_that_can_be_read_stays(color: str) -> None:
    assert shades(color).light == color


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the example of the WCAG's own notes


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://cdn.shop.example/logo.svg?v=1,2", "https://cdn.shop.example"),
        ("https://cdn.shop.example:8443/logo.svg", "https://cdn.shop.example:8443"),
        ("https://a.example,b.example/x", ""),
        ("https://user@a.example/x", ""),
        ("http://a.example/x", ""),
        ("", ""),
    ],
)
def test_a_logo_opens_the_policy_for_its_host_alone(url: str, origin: str) -> None:
    brand = brand_of(Settings(brand_logo_url=url))
    assert brand.logo_origin == origin
    assert bool(brand.logo_url) == bool(origin)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("brand_color", "green"),
        ("brand_color", "#12345"),
        ("brand_logo_url", "http://a.example/x"),
        ("brand_logo_url", "https://a.example/x; script-src *"),
        ("privacy_url", "javascript:alert(1)"),
        ("privacy_url", 'https://a.example/"onclick'),
        ("soft_failures_max", 0),
    ],
)
async def test_what_would_break_a_page_is_refused(stage: Stage, name: str, value: object) -> None:
    async with stage.database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await settings.write(tx, {name: value})
    assert [flaw.at for flaw in refused.value.flaws] == [name]


async def test_the_page_wears_the_brand(company: Company, client: httpx.AsyncClient) -> None:
    async with company.stage.database.transaction() as tx:
        await settings.write(tx, {"brand_logo_url": "https://cdn.shop.example/logo.svg", "brand_color": "#ffee00"})
    answer = await client.get(company.preferences)
    assert '<img src="https://cdn.shop.example/logo.svg" alt="Green Grocer &amp; Co">' in answer.text
    policy = answer.headers["content-security-policy"]
    assert "img-src data: https://cdn.shop.example;" in policy
    assert "script-src" not in policy
    assert f"--accent:{shades('#ffee00').light};" in answer.text
    assert "--accent:#ffee00;--on-accent:#fff" not in answer.text
