"""The guard of URLs that others gave us: what it lets through and what it refuses."""

import pytest

from antiphon.kernel import urls


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.1/", "http://017700000001/",
        "https://%31%32%37.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:10.0.0.1]/",
        "http://10.1.2.3/", "http://172.31.0.1/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/", "http://0.0.0.0/", "http://224.0.0.1/", "http://255.255.255.255/", "http://[fe80::1]/",
        "http://[fc00::1]/", "http://[2002:7f00:1::]/", "http://[64:ff9b::7f00:1]/", "http://[2001:db8::1]/",
        "http://[::]/", "http://198.18.0.1/", "http://[2001::1]/",
    ],
)  # fmt: skip
async def test_addresses_that_are_not_public_are_refused(url):
    with pytest.raises(urls.Refused) as caught:
        await urls.guard(url)
    assert caught.value.reason == "address"


async def test_a_name_that_leads_home_is_refused():
    with pytest.raises(urls.Refused) as caught:
        await urls.guard("http://localhost:8080/")
    assert caught.value.reason == "address"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://8.8.8.8/", "scheme"), ("file:///etc/passwd", "scheme"), ("javascript:alert(1)", "scheme"),
        ("https://user@8.8.8.8/", "credentials"), ("https://user:secret@8.8.8.8/", "credentials"),
        ("https://:secret@8.8.8.8/", "credentials"), ("//8.8.8.8/", "malformed"), ("", "malformed"),
        ("https://a b/", "malformed"), ("https://8.8.8.8/" + "a" * 3000, "malformed"),
        ("https://no-such-host.invalid/", "dns"),
    ],
)  # fmt: skip
async def test_what_is_not_a_plain_web_address_is_refused(url, reason):
    with pytest.raises(urls.Refused) as caught:
        await urls.guard(url)
    assert caught.value.reason == reason
    assert "secret" not in str(caught.value)


async def test_a_public_address_passes_with_what_pinning_needs():
    checked = await urls.guard("https://8.8.8.8:8443/push/abc?x=1")
    assert (checked.scheme, checked.host, checked.port, checked.address) == ("https", "8.8.8.8", 8443, "8.8.8.8")
    assert checked.url == "https://8.8.8.8:8443/push/abc?x=1"
    assert checked.origin == "https://8.8.8.8:8443"


async def test_public_ipv6_passes_and_the_usual_port_is_not_in_the_origin():
    checked = await urls.guard("https://[2606:4700:4700::1111]/x")
    assert checked.address == "2606:4700:4700::1111"
    assert checked.origin == "https://[2606:4700:4700::1111]"


async def test_one_private_answer_among_public_ones_refuses_the_name(monkeypatch):
    """A name with two answers would otherwise be public for us and private for whoever connects."""

    async def two_answers(host, port):
        return ["8.8.8.8", "10.0.0.1"]

    monkeypatch.setattr(urls, "_addresses", two_answers)
    with pytest.raises(urls.Refused):
        await urls.guard("https://two.example/")


async def test_the_sandbox_may_look_inside():
    checked = await urls.guard("http://127.0.0.1:9000/x", allow_private=True)
    assert (checked.address, checked.port) == ("127.0.0.1", 9000)


async def test_a_guard_asks_once_a_minute_what_a_name_leads_to(monkeypatch):
    asked = []

    async def answers(host, port):
        asked.append((host, port))
        return ["8.8.8.8"]

    monkeypatch.setattr(urls, "_addresses", answers)
    guard = urls.Guard()
    first, second = [await guard.check(f"https://push.example/{path}") for path in ("a", "b")]
    assert (first.url, second.url) == ("https://push.example/a", "https://push.example/b")
    assert asked == [("push.example", 443)]
    await guard.check("https://push.example:444/a")
    monkeypatch.setattr(urls, "REMEMBER_S", -1.0)
    await urls.Guard().check("https://push.example/a")
    assert len(asked) == 3


async def test_a_guard_remembers_names_not_urls():
    guard = urls.Guard()
    await guard.check("https://8.8.8.8/a")
    with pytest.raises(urls.Refused):
        await guard.check("https://user:secret@8.8.8.8/a")
    with pytest.raises(urls.Refused):
        await guard.check("https://127.0.0.1/a")


async def test_a_guard_remembers_within_a_bound(monkeypatch):
    monkeypatch.setattr(urls, "NAMES_MAX", 2)
    guard = urls.Guard()
    for number in range(5):
        await guard.check(f"https://8.8.8.{number}/")
    assert list(guard._known) == ["https://8.8.8.3", "https://8.8.8.4"]
