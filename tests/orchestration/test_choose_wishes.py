"""What a person said, what a topic needs and what the law lets through, as `choose` weighs them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.kernel.records import (
    DeliveryId,
    NotificationId,
    ProfileId,
    Purpose,
)
from antiphon.kernel.settings import FrequencyCap, Jurisdiction
from antiphon.orchestration.choose import choose
from antiphon.orchestration.records import (
    Attempt,
    OpenNotification,
    PersonCase,
    Policy,
    Reach,
    Told,
    Verdict,
)
from antiphon.profiles import Standing, Topic
from orchestration.choosing import ALL_UP, BOTH, NOW, one, places_at, source


def test_a_pause_of_everything_is_a_wait_that_ends_and_a_pause_of_one_channel_takes_the_other():
    until = NOW + timedelta(days=2)
    verdict = one(BOTH, Standing("*", "*", paused_until=until))
    assert (verdict.act, verdict.reason, verdict.until) == ("wait", "unwanted", until)
    assert verdict.because == "paused by the person until 2026-01-03 12:00 UTC"
    verdict = one(BOTH, Standing("*", "email", paused_until=until))
    assert (verdict.act, verdict.channel) == ("send", "sms")
    assert [o.reason for o in verdict.options] == ["unwanted", None, "unreachable"]


def test_what_expires_before_the_pause_ends_is_dropped():
    notification = OpenNotification(NotificationId(1), source(), NOW, expires_at=NOW + timedelta(days=1))
    said = [Standing("*", "*", paused_until=NOW + timedelta(days=2))]
    (verdict,) = choose(PersonCase(ProfileId(1), [notification], BOTH, preferences=said), Policy(ALL_UP), now=NOW)
    assert (verdict.act, verdict.reason) == ("drop", "unwanted")


@pytest.mark.parametrize(
    ("topic", "said", "answer"),
    [
        (Topic("coupons", needs="consent"), (), ("drop", "no_consent")),
        (Topic("coupons", needs="consent"), (Standing("coupons", "email", "wanted"),), ("drop", "no_consent")),
        (Topic("coupons", needs="consent"), (Standing("coupons", "email", "wanted", basis="consent"),), ("send", None)),
        (
            Topic("coupons", needs="consent"),
            (Standing("coupons", "email", "wanted", basis="consent", expires_at=NOW),),
            ("drop", "no_consent"),
        ),
        (
            Topic("coupons", needs="double_opt_in"),
            (Standing("coupons", "email", "wanted", basis="consent"),),
            ("drop", "no_consent"),
        ),
        (Topic("coupons", state="unwanted"), (), ("drop", "unwanted")),
        (Topic("coupons", state="unwanted"), (Standing("coupons", "*", "wanted"),), ("send", None)),
        (Topic("coupons"), (Standing("*", "*", "unwanted"),), ("drop", "unwanted")),
        (Topic("coupons"), (Standing("*", "*", "unwanted"), Standing("coupons", "*", "wanted")), ("send", None)),
    ],
)
def test_what_the_topic_needs_and_the_person_said(topic, said, answer):
    policy = Policy(ALL_UP, topics={"coupons": topic})
    verdict = one([Reach("email", "a")], *said, policy=policy)
    assert (verdict.act, verdict.reason) == answer
    assert verdict.because


def test_the_topics_own_order_goes_before_where_people_answer_and_after_the_persons_word():
    policy = Policy(ALL_UP, topics={"coupons": Topic("coupons", channels=("sms", "email"))})
    assert one(BOTH, policy=policy).channel == "sms"
    assert one(BOTH, policy=policy).because == "this topic goes by sms as long as the person says nothing else"
    assert one(BOTH, Standing("coupons", "email", "wanted"), policy=policy).channel == "email"


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("scope", ["marketing", "everything"])
def test_how_far_an_opt_out_of_an_address_reaches(purpose, scope):
    verdict = one([Reach("email", "a", opted_out=scope)], topic="", purpose=purpose)
    stopped = purpose is Purpose.CAMPAIGN or scope == "everything"
    assert (verdict.act, verdict.reason) == (("drop", "opted_out") if stopped else ("send", None))


@pytest.mark.parametrize("scope", ["marketing", "everything"])
def test_the_answer_to_a_stop_passes_it_and_is_tried_once(scope):
    stopped = [Reach("sms", "b", opted_out=scope)]
    assert one(stopped, topic="", purpose=Purpose.SYSTEM, kind="system").act == "send"
    taken_back = Attempt(DeliveryId(1), 1, "sms", "b", "cancelled")
    notification = OpenNotification(
        NotificationId(1), source(topic="", purpose=Purpose.SYSTEM, kind="system"), NOW, attempts=(taken_back,)
    )
    (verdict,) = choose(PersonCase(ProfileId(1), [notification], stopped), Policy(ALL_UP), now=NOW)
    assert (verdict.act, verdict.reason) == ("drop", "cancelled")


def test_the_law_lets_three_messages_by_telephone_through_in_a_day():
    """Florida: the fourth waits until the first is a day old; e-mail is not counted and does not wait."""
    at = NOW.replace(hour=18)
    told = [
        Told(at - timedelta(hours=h), "coupons", channel, "b") for h, channel in ((23, "sms"), (5, "voice"), (1, "sms"))
    ]
    told.append(Told(at - timedelta(hours=1), "coupons", "email", "a"))

    def verdict(reach: list[Reach], **policy: object) -> Verdict:
        open_one = OpenNotification(NotificationId(1), source(), at)
        case = PersonCase(ProfileId(1), [open_one], reach, zones=("America/New_York",), regions=("US-FL",), told=told)
        return choose(case, Policy(ALL_UP, **policy), now=at)[0]

    waiting = verdict([Reach("sms", "b")])
    assert (waiting.act, waiting.reason, waiting.until) == ("wait", "capped", at + timedelta(hours=1))
    assert verdict(BOTH).channel == "email"
    assert verdict([Reach("sms", "b")], jurisdictions={"US-FL": Jurisdiction(enabled=False)}).act == "send"


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("topic", [Topic(""), Topic("coupons", critical=True), Topic("coupons", needs="consent")])
def test_codes_and_alerts_pass_wishes_where_their_topic_is_critical_or_they_have_none(purpose, topic):
    said = (Standing("*", "*", "unwanted", paused_until=NOW + timedelta(days=1)),)
    policy = Policy(ALL_UP, topics={"coupons": topic})
    verdict = one([Reach("email", "a")], *said, policy=policy, purpose=purpose, topic=topic.name)
    passes = purpose in (Purpose.CODE, Purpose.ALERT, Purpose.SYSTEM) and topic.needs == "nothing"
    assert verdict.act == ("send" if passes else "drop")
    assert ("it is urgent" in verdict.because) == passes


def test_a_code_takes_the_channel_that_is_not_refused_first():
    said = Standing("*", "sms", "unwanted")
    assert one(BOTH, purpose=Purpose.CODE, topic="").channel == "sms"
    assert one(BOTH, said, purpose=Purpose.CODE, topic="").channel == "email"


def test_a_persons_own_limit_counts_what_it_is_about():
    """At most one coupon a day by e-mail: the news does not count, an SMS is another channel."""
    limit = Standing("coupons", "email", limit_count=1, limit_s=86400.0)
    email = [Reach("email", "a")]
    hour_ago = NOW - timedelta(hours=1)
    assert one(email, limit, told=[Told(hour_ago, "news", "email", "a")]).act == "send"
    assert one(email, limit, told=[Told(hour_ago, "coupons", "sms", "b")]).act == "send"
    told = [Told(hour_ago, "coupons", "email", "a")]
    verdict = one(email, limit, told=told)
    assert (verdict.act, verdict.reason, verdict.until) == ("wait", "capped", hour_ago + timedelta(days=1))
    assert one(BOTH, limit, told=told).channel == "sms"
    assert one(email, limit, told=told, purpose=Purpose.TRANSACTIONAL).act == "send"


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(1, 4)), max_size=25), st.integers(0, 3), st.integers(1, 4))
def test_the_stricter_of_the_companys_cap_and_the_persons_limit_holds(steps, own, company):
    policy = Policy(providers=ALL_UP, caps=(FrequencyCap(count=company, within_s=86400),))
    limit = Standing("*", "*", limit_count=own, limit_s=86400.0)
    now, sent, number = NOW, [], 0
    for minutes, arriving in steps:
        now += timedelta(minutes=minutes)
        number += arriving
        fresh = [OpenNotification(NotificationId(number + i), source(), now) for i in range(arriving)]
        told = [Told(at, "coupons", "email", "a") for at in sent]
        case = PersonCase(
            ProfileId(1), fresh, [Reach("email", "a")], places=places_at(sent), preferences=[limit], told=told
        )
        sent += [now for verdict in choose(case, policy, now=now) if verdict.act == "send"]
        assert len([at for at in sent if at > now - timedelta(days=1)]) <= min(own, company)
