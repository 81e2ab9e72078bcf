"""Messages over HTTP: what a composer and a list of messages need."""

from __future__ import annotations


def saying(text, name="spring", **more):
    return {"name": name, "topic": "offers", "locales": {"en": {"sms": {"text": text}}}, **more}


async def asked(client, method, path, status=200, **given):
    answer = await client.request(method, path, **given)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def test_from_a_first_word_to_the_second_version(client):
    new = await asked(client, "POST", "/messages?draft=true", 201, json={"name": "spring"})
    assert (new["state"], new["document"], new["updated_by"]) == ("draft", None, "staff:7")
    assert {problem["at"] for problem in new["draft"]["problems"]} == {"topic", "locales"}
    path = "/messages/spring/draft"
    saved = await asked(client, "PUT", f"{path}?if_revision={new['revision']}", json={"document": saying("One")})
    assert saved["draft"]["problems"] == []
    live = await asked(client, "POST", f"/messages/spring/publish?if_revision={saved['revision']}")
    assert (live["state"], live["version"], live["draft"], live["document"]) == ("published", 1, None, saying("One"))
    await asked(client, "PUT", path, json={"document": saying("Two")})
    await asked(client, "POST", "/messages/spring/publish")
    versions = await asked(client, "GET", "/messages/spring/versions", params={"limit": 1})
    assert [(each["version"], each["published_by"]) for each in versions["versions"]] == [(2, "staff:7")]
    older = await asked(client, "GET", "/messages/spring/versions", params={"cursor": versions["cursor"]})
    assert [each["version"] for each in older["versions"]] == [1]
    assert (await asked(client, "GET", "/messages/spring/versions/1"))["document"] == saying("One")
    reverted = await asked(client, "POST", "/messages/spring/revert", json={"version": 1})
    assert reverted["draft"]["document"] == saying("One")
    assert (await asked(client, "DELETE", path))["draft"] is None


async def test_two_tabs_get_both_texts(client):
    made = await asked(client, "POST", "/messages", 201, json=saying("One"))
    path = f"/messages/spring/draft?if_revision={made['revision']}"
    await asked(client, "PUT", path, json={"document": saying("theirs")})
    clash = await asked(client, "PUT", path, 409, json={"document": saying("mine")})
    assert clash["code"] == "edited_meanwhile"
    assert clash["theirs"]["document"] == saying("theirs")
    assert (clash["theirs"]["is_draft"], clash["theirs"]["updated_by"]) == (True, "staff:7")
    assert clash["yours"] == saying("mine")


async def test_a_draft_that_is_not_valid_is_not_published_and_says_where(client):
    await asked(client, "POST", "/messages?draft=true", 201, json=saying("{{ oh"))
    refused = await asked(client, "POST", "/messages/spring/publish", 400)
    assert [flaw["at"] for flaw in refused["errors"]] == ["locales.en.sms.text"]


async def test_a_name_with_a_slash_is_a_name(client):
    await asked(client, "POST", "/messages", 201, json=saying("One", name="a/b c"))
    assert (await asked(client, "GET", "/messages/a%2Fb%20c"))["name"] == "a/b c"
    renamed = await asked(client, "PATCH", "/messages/a%2Fb%20c", json={"name": "d/e"})
    assert renamed["document"]["name"] == "d/e"


async def test_the_list_has_pages_and_filters(client):
    for name in ("one", "two", "three"):
        await asked(client, "POST", "/messages", 201, json=saying("x", name))
    await asked(client, "POST", "/messages?draft=true", 201, json={"name": "50% off"})
    await asked(client, "POST", "/messages/two/archive")

    async def names(**params):
        page = await asked(client, "GET", "/messages", params=params)
        return [each["name"] for each in page["messages"]], page["cursor"]

    first, cursor = await names(limit=2)
    second, end = await names(limit=2, cursor=cursor)
    assert (first + second, end) == (["50% off", "three", "one"], None)
    assert (await names(q="NE"))[0] == ["one"]
    assert (await names(q="offers"))[0] == ["three", "one"]
    assert (await names(q="0% o"))[0] == ["50% off"]
    assert (await names(q="%"))[0] == ["50% off"]
    assert (await names(state="archived"))[0] == ["two"]
    assert (await names(state="draft"))[0] == ["50% off"]
    assert (await names(channel="email"))[0] == []
    assert (await names(topic="offers", channel="sms", state="published"))[0] == ["three", "one"]
    for bad in ({"state": "x"}, {"cursor": "x"}, {"limit": 0}):
        answer = await client.get("/messages", params=bad)
        assert (answer.status_code, answer.json()["errors"][0]["at"]) == (400, next(iter(bad)))


async def test_a_card_tells_what_the_list_shows(client):
    await asked(client, "POST", "/messages", 201, json=saying("x"))
    await asked(client, "PUT", "/messages/spring/draft", json={"document": {}})
    (card,) = (await asked(client, "GET", "/messages"))["messages"]
    told = {name: card[name] for name in ("state", "version", "has_draft", "topic", "channels", "locales")}
    assert told == {
        "state": "published",
        "version": 1,
        "has_draft": True,
        "topic": "offers",
        "channels": ["sms"],
        "locales": ["en"],
    }
    assert "document" not in card


async def test_copies_archives_and_what_is_deleted(client):
    await asked(client, "POST", "/messages", 201, json=saying("x"))
    copy = await asked(client, "POST", "/messages/spring/copy", 201, json={})
    assert (copy["name"], copy["state"]) == ("spring (copy)", "draft")
    await asked(client, "DELETE", f"/messages/{copy['id']}", 204)
    await asked(client, "GET", f"/messages/{copy['id']}", 404)
    assert (await asked(client, "DELETE", "/messages/spring", 409))["code"] == "message_published"
    assert (await asked(client, "POST", "/messages/spring/archive"))["state"] == "archived"
    assert (await asked(client, "POST", "/messages/spring/restore"))["state"] == "published"
