"""What else a decision weighs: the last place, eligibility, what was seen, money, routes, windows, hours, chance."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon import metrics
from antiphon.kernel.records import (
    DeliveryId,
    MessageId,
    NotificationId,
    ProfileId,
    ProviderId,
    Purpose,
    SourceId,
)
from antiphon.kernel.settings import FrequencyCap, QuietHours
from antiphon.orchestration.choose import choose
from antiphon.orchestration.records import (
    Attempt,
    OpenNotification,
    PersonCase,
    Place,
    Policy,
    ProviderChoice,
    Reach,
    Seen,
    Source,
    Told,
    Verdict,
    Window,
)
from antiphon.orchestration.routes import route
from antiphon.orchestration.terms import BetterThan, Follow, Group, SendAt, Terms

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
EVERYWHERE = (Reach("email", "a@example.org"), Reach("sms", "+447400123456"), Reach("push", "device"))
UP = {channel: (ProviderChoice(ProviderId(n)),) for n, channel in enumerate(("email", "sms", "push", "chat"), 1)}


def source(n: int = 1, **changes: object) -> Source:
    made = Source(
        id=SourceId(n),
        kind="campaign",
        name=f"campaign {n}",
        message=MessageId(1),
        version=1,
        topic="coupons",
        purpose=Purpose.CAMPAIGN,
        channels=("email", "sms", "push"),
        failover_on="definite",
        state="running",
    )
    return replace(made, **changes)


def note(n: int = 1, **changes: object) -> OpenNotification:
    made = changes.pop("source", None) or source(n)
    return OpenNotification(NotificationId(n), made, NOW - timedelta(minutes=n), **changes)


def decide(
    *notes: OpenNotification, policy: Policy | None = None, now: datetime = NOW, **case: object
) -> list[Verdict]:
    case.setdefault("reach", EVERYWHERE)
    return choose(PersonCase(ProfileId(1), list(notes), **case), policy or Policy(UP), now=now)


class TestTheLastPlace:
    policy = Policy(UP, caps=(FrequencyCap(count=1, within_s=86400),))

    def test_goes_to_the_higher_priority_however_young_and_the_other_is_told_so(self):
        old, young = note(2, source=source(2)), note(1, source=source(1, terms=Terms(priority=5)))
        first, second = decide(old, young, policy=self.policy)
        assert (first.notification, first.act) == (young.id, "send")
        assert (second.act, second.reason, second.until) == ("wait", "capped", NOW + timedelta(days=1))
        assert second.because == (
            "at most 1 message in a day; the last place went to campaign 1: its priority is higher (5 against 0)"
        )

    def test_of_equals_goes_to_the_older(self):
        first, second = decide(note(1), note(2), policy=self.policy)
        assert (first.notification, first.act, second.act) == (2, "send", "wait")
        assert second.because.endswith("the last place went to campaign 2: it is older")

    def test_of_a_topic_is_not_taken_by_another_topic(self):
        policy = Policy(UP, caps=(FrequencyCap(count=1, within_s=86400, topic="coupons"),))
        used = [Place(NOW - timedelta(hours=1), SourceId(9), "news", "email")]
        assert decide(note(1), policy=policy, places=used)[0].act == "send"
        used = [Place(NOW - timedelta(hours=1), SourceId(9), "coupons", "email")]
        (verdict,) = decide(note(1), policy=policy, places=used)
        assert (verdict.act, verdict.reason, verdict.until) == ("wait", "capped", NOW + timedelta(hours=23))

    def test_of_a_channel_leaves_the_others_free(self):
        policy = Policy(UP, caps=(FrequencyCap(count=1, within_s=86400, channel="email"),))
        used = [Place(NOW - timedelta(hours=1), SourceId(9), "coupons", "email")]
        (verdict,) = decide(note(1), policy=policy, places=used)
        assert (verdict.act, verdict.channel) == ("send", "push")
        assert next(o for o in verdict.options if o.channel == "email").reason == "capped"

    def test_of_a_channel_counts_a_further_attempt_and_the_company_cap_does_not(self):
        used = [Place(NOW, SourceId(1), "coupons", "sms", further=True)]
        company = Policy(UP, caps=(FrequencyCap(count=1, within_s=86400),))
        channel = Policy(UP, caps=(FrequencyCap(count=1, within_s=86400, channel="sms"),))
        only_sms = source(3, channels=("sms",))
        assert decide(note(3, source=only_sms), policy=company, places=used)[0].act == "send"
        assert decide(note(3, source=only_sms), policy=channel, places=used)[0].act == "wait"

    @given(
        st.lists(st.tuples(st.integers(-3, 3), st.sampled_from(["coupons", "news"])), min_size=1, max_size=5),
        st.lists(
            st.builds(
                FrequencyCap,
                count=st.integers(0, 2),
                within_s=st.just(3600.0),
                topic=st.sampled_from([None, "coupons"]),
                channel=st.sampled_from([None, "email", "sms"]),
            ),
            max_size=3,
        ),
    )
    def test_no_cap_is_ever_passed_by_what_is_sent_together(self, wanted, caps):
        notes = [
            note(n, source=source(n, topic=topic, terms=Terms(priority=p))) for n, (p, topic) in enumerate(wanted, 1)
        ]
        topic_of = {each.id: each.source.topic for each in notes}
        sent = [v for v in decide(*notes, policy=Policy(UP, caps=tuple(caps))) if v.act == "send"]
        for cap in caps:
            theirs = [
                v for v in sent if cap.topic in (None, topic_of[v.notification]) and cap.channel in (None, v.channel)
            ]
            assert len(theirs) <= cap.count


class TestEligibility:
    def test_no_upgrade_for_who_pays(self):
        terms = Terms(outside=(Group(7, "paying"),))
        (verdict,) = decide(note(source=source(terms=terms)), groups=(7,))
        assert (verdict.act, verdict.reason) == ("drop", "not_eligible")
        assert verdict.because == "it is not for members of paying"
        assert decide(note(source=source(terms=terms)), groups=(8,))[0].act == "send"

    def test_only_members_of_all_groups_that_it_is_for(self):
        terms = Terms(inside=(Group(1, "new"), Group(2, "local")))
        assert decide(note(source=source(terms=terms)), groups=(1, 2))[0].act == "send"
        (verdict,) = decide(note(source=source(terms=terms)), groups=(1,))
        assert verdict.because == "it is for members of local"

    @pytest.mark.parametrize(("held", "act"), [({}, "send"), ({"discount": 15}, "send"), ({"discount": 20}, "drop"),
                                               ({"discount": 25}, "drop")])  # fmt: skip
    def test_never_an_offer_that_is_not_better_than_the_one_held(self, held, act):
        terms = Terms(better_than=BetterThan("discount", 20))
        assert decide(note(source=source(terms=terms)), held=held)[0].act == act

    @pytest.mark.parametrize(("how", "act"), [("delivered", "send"), ("opened", "drop"), ("clicked", "drop")])
    def test_what_was_seen_elsewhere_is_not_repeated(self, how, act):
        terms = Terms(follow=Follow(SourceId(9), "the coupon", "opened"))
        (verdict,) = decide(note(source=source(terms=terms), seen=Seen("sms", how)))
        assert verdict.act == act
        if act == "drop":
            assert (verdict.reason, verdict.because) == ("duplicate", f"they {how} the coupon by sms")

    def test_it_is_asked_before_the_first_attempt_alone(self):
        """Who was told already gets the next attempt: it is the same message."""
        failed = Attempt(DeliveryId(1), 1, "email", "a@example.org", "failed", "address")
        terms = Terms(outside=(Group(7, "paying"),))
        (verdict,) = decide(note(source=source(terms=terms), attempts=(failed,)), groups=(7,))
        assert verdict.act == "send"


class TestMoney:
    dear = UP | {"sms": (ProviderChoice(ProviderId(2), unit_cost=0.05, costs={"GB": 0.04, "US": 0.01}),)}

    def test_a_route_costs_what_it_costs_where_the_number_is(self):
        (verdict,) = decide(note(source=source(channels=("sms",))), policy=Policy(self.dear))
        assert verdict.cost == 0.04
        there = (Reach("sms", "+12025550123"),)
        assert decide(note(source=source(channels=("sms",))), policy=Policy(self.dear), reach=there)[0].cost == 0.01

    def test_several_parts_cost_several_times(self):
        terms = Terms(units={"sms": 3})
        assert decide(note(source=source(channels=("sms",), terms=terms)), policy=Policy(self.dear))[0].cost == 0.12

    def test_a_message_that_may_not_cost_so_much_takes_another_channel_or_none(self):
        terms = Terms(cost_max=0.01)
        (verdict,) = decide(note(source=source(channels=("sms", "email"), terms=terms)), policy=Policy(self.dear))
        assert verdict.channel == "email"
        (verdict,) = decide(note(source=source(channels=("sms",), terms=terms)), policy=Policy(self.dear))
        assert (verdict.act, verdict.reason) == ("drop", "over_budget")

    def test_who_comes_after_the_last_of_the_budget_waits_for_more(self):
        made = note(source=source(channels=("sms",), terms=Terms(budget=1.0)))
        (verdict,) = decide(made, policy=Policy(self.dear), money={1: 0.03})
        assert (verdict.act, verdict.reason, verdict.until) == ("wait", "budget_spent", None)
        assert decide(made, policy=Policy(self.dear), money={1: 0.04})[0].act == "send"

    def test_the_price_is_weighed_against_what_an_answer_is_worth(self):
        answers = {"sms:campaign": metrics.Counts(40, 30), "email:campaign": metrics.Counts(40, 20)}
        both = note(source=source(channels=("sms", "email")))
        assert decide(both, policy=Policy(self.dear), counts=answers)[0].channel == "sms"
        assert decide(both, policy=Policy(self.dear, answer_worth=0.1), counts=answers)[0].channel == "email"
        assert decide(both, policy=Policy(self.dear, answer_worth=100.0), counts=answers)[0].channel == "sms"


class TestRoutes:
    two = (ProviderChoice(ProviderId(1), rank=0), ProviderChoice(ProviderId(2), rank=1))

    def test_the_lowest_rank_that_is_up_and_well(self):
        assert route(self.two, NotificationId(1)).id == 1
        ill = (replace(self.two[0], health=0.2), self.two[1])
        assert route(ill, NotificationId(1)).id == 2
        down = (replace(self.two[0], up=False), self.two[1])
        assert route(down, NotificationId(1)).id == 2

    def test_with_all_ill_the_best_and_with_all_down_the_preferred(self):
        ill = (replace(self.two[0], health=0.1), replace(self.two[1], health=0.3))
        assert route(ill, NotificationId(1)).id == 2
        down = tuple(replace(each, up=False) for each in self.two)
        assert route(down, NotificationId(1)).id == 1

    def test_equals_share_by_weight_and_nobody_moves_who_need_not(self):
        three = tuple(ProviderChoice(ProviderId(n), weight=w) for n, w in ((1, 100), (2, 200), (3, 100)))
        before = {n: route(three, NotificationId(n)).id for n in range(8_000)}
        shares = Counter(before.values())
        assert [round(shares[n] / 8_000, 1) for n in (1, 2, 3)] == [0.2, 0.5, 0.2] or abs(
            shares[2] / 8_000 - 0.5
        ) < 0.02
        after = {n: route(three[:2], NotificationId(n)).id for n in before}
        assert all(after[n] == before[n] for n in before if before[n] != 3)

    def test_the_cheapest_goes_by_where_the_number_is(self):
        dear, cheap = (ProviderChoice(ProviderId(1), 0.05), ProviderChoice(ProviderId(2), 0.09, costs={"GB": 0.01}))
        assert route((dear, cheap), NotificationId(1), region="GB", cheapest=True).id == 2
        assert route((dear, cheap), NotificationId(1), region="FR", cheapest=True).id == 1

    def test_what_a_provider_could_not_do_another_does_to_the_same_address(self):
        policy = Policy(UP | {"email": self.two})
        failed = Attempt(DeliveryId(1), 1, "email", "a@example.org", "failed", "policy", ProviderId(1))
        (verdict,) = decide(note(source=source(channels=("email",)), attempts=(failed,)), policy=policy)
        assert (verdict.channel, verdict.provider) == ("email", 2)
        assert verdict.because == "email failed; another provider is next"
        both = (failed, replace(failed, n=2, provider=ProviderId(2)))
        (verdict,) = decide(note(source=source(channels=("email", "sms")), attempts=both), policy=policy)
        assert verdict.channel == "sms"

    def test_a_dead_address_is_dead_by_whomever(self):
        policy = Policy(UP | {"email": self.two})
        failed = Attempt(DeliveryId(1), 1, "email", "a@example.org", "failed", "address", ProviderId(1))
        assert decide(note(source=source(channels=("email",)), attempts=(failed,)), policy=policy)[0].act == "fail"

    def test_silence_goes_to_the_other_channels_first_and_then_by_another_provider(self):
        alert = source(purpose=Purpose.ALERT, failover_on="silence", channels=("sms", "email"), topic="")
        policy = Policy(UP | {"sms": self.two})
        quiet = Attempt(DeliveryId(1), 1, "sms", "+447400123456", "expired", None, ProviderId(1))
        (verdict,) = decide(note(source=alert, attempts=(quiet,)), policy=policy)
        assert verdict.channel == "email"
        bounced = Attempt(DeliveryId(2), 2, "email", "a@example.org", "failed", "address", ProviderId(1))
        (verdict,) = decide(note(source=alert, attempts=(quiet, bounced)), policy=policy)
        assert (verdict.channel, verdict.provider) == ("sms", 2)


class TestWindows:
    campaign = source(channels=("chat",))

    @pytest.mark.parametrize(
        ("window", "purpose", "templates", "act"),
        [
            (None, Purpose.CAMPAIGN, (), "drop"),
            (None, Purpose.CAMPAIGN, ("chat",), "send"),
            (Window("free", NOW + timedelta(hours=1)), Purpose.CAMPAIGN, (), "send"),
            (Window("free", NOW), Purpose.CAMPAIGN, (), "drop"),
            (Window("human", NOW + timedelta(days=6)), Purpose.CAMPAIGN, (), "drop"),
            (Window("human", NOW + timedelta(days=6)), Purpose.REPLY, (), "send"),
        ],
    )
    def test_only_what_may_be_said_now_is_said(self, window, purpose, templates, act):
        made = source(channels=("chat",), purpose=purpose, terms=Terms(templates=templates))
        reach = (Reach("chat", "whatsapp:1", windowed=True, window=window),)
        (verdict,) = decide(note(source=made), reach=reach)
        assert (verdict.act, verdict.reason) == (act, None if act == "send" else "unreachable")


class TestTime:
    def test_nine_in_the_morning_where_each_lives(self):
        made = note(source=source(terms=Terms(send_at=SendAt(local=datetime.fromisoformat("2026-01-08T09:00")))))
        for zone, hour in (("Europe/Berlin", 8), ("America/New_York", 14), ("Asia/Kolkata", 3.5)):
            (verdict,) = decide(made, zones=(zone,))
            assert (verdict.act, verdict.reason) == ("wait", None)
            assert verdict.until == datetime(2026, 1, 8, tzinfo=UTC) + timedelta(hours=hour)
        assert decide(made, zones=("Europe/Berlin",), now=NOW + timedelta(days=1))[0].act == "send"

    def test_the_hour_at_which_they_answer_where_that_is_known(self):
        made = note(source=source(terms=Terms(send_at=SendAt(best_hour=True))))
        evenings = tuple(20 if hour == 19 else 0 for hour in range(24))
        (verdict,) = decide(made, hours=evenings, zones=("UTC",))
        assert (verdict.act, verdict.until) == ("wait", NOW.replace(hour=19))
        assert decide(made, hours=(0,) * 24, zones=("UTC",))[0].act == "send"
        short = note(source=source(terms=Terms(send_at=SendAt(best_hour=True, within_s=3600))))
        assert decide(short, hours=evenings, zones=("UTC",))[0].act == "send"

    def test_quiet_hours_of_their_own_hold_beside_the_company_s(self):
        sms = note(source=source(channels=("sms",)))
        (verdict,) = decide(sms, zones=("UTC",), quiet=("11:00", "13:30"))
        assert (verdict.reason, verdict.until) == ("quiet_hours", NOW.replace(hour=13, minute=30))
        assert verdict.because == "the person wants quiet at this hour"
        alert = note(source=source(channels=("sms",), purpose=Purpose.ALERT, topic=""))
        assert decide(alert, zones=("UTC",), quiet=("11:00", "13:30"))[0].act == "send"

    @pytest.mark.parametrize(("holidays", "act"), [(("2026-01-07",), "wait"), (("2026-01-08",), "send"), ((), "send")])
    def test_a_holiday_of_the_company_is_quiet_until_midnight(self, holidays, act):
        policy = Policy(UP, quiet_hours=QuietHours("22:00", "07:00", ("sms",), holidays))
        (verdict,) = decide(note(source=source(channels=("sms",))), policy=policy, zones=("UTC",))
        assert verdict.act == act
        if act == "wait":
            assert verdict.until == datetime(2026, 1, 8, 7, tzinfo=UTC)

    def test_a_code_is_not_tried_again_when_it_is_worth_nothing_any_more(self):
        code = source(purpose=Purpose.CODE, failover_on="silence", topic="", kind="api")
        failed = Attempt(DeliveryId(1), 1, "sms", "+447400123456", "failed", "address")
        made = replace(note(source=code, attempts=(failed,)), created_at=NOW - timedelta(minutes=14))
        assert decide(made)[0].act == "send"
        (verdict,) = decide(replace(made, created_at=NOW - timedelta(minutes=15)))
        assert (verdict.act, verdict.reason) == ("drop", "expired")


class TestExploration:
    def test_at_most_its_share_takes_another_channel_and_says_how_likely_that_was(self):
        policy = Policy(UP, exploration=0.1)
        said = [decide(note(n, source=source(1)), policy=policy)[0] for n in range(1, 3_001)]
        usual = Counter(v.channel for v in said).most_common(1)[0][0]
        others = [v for v in said if v.channel != usual]
        assert 0 < len(others) / len(said) < 0.13
        assert all(v.propensity == pytest.approx(0.9) for v in said if v.channel == usual)
        assert sum(1 / v.propensity for v in said) / len(said) == pytest.approx(3, rel=0.25)
        assert all(v.because.startswith("tried, so that it is known") for v in others)

    @pytest.mark.parametrize("changes", [{"prefer": "sms"}, {"purpose": Purpose.TRANSACTIONAL}])
    def test_nobody_s_word_is_explored_away(self, changes):
        policy = Policy(UP, exploration=0.1)
        said = [decide(note(n, source=source(1, **changes)), policy=policy)[0] for n in range(1, 300)]
        assert len({v.channel for v in said}) == 1
        assert {v.propensity for v in said} == {None}


def test_a_habit_moves_what_is_expected_of_people_in_a_country():
    policy = Policy(UP, habits={"IN": {"email": 0.1}})
    assert decide(note(), policy=policy, regions=("FR",))[0].channel == "email"
    assert decide(note(), policy=policy, regions=("IN",))[0].channel != "email"


class TestWhatHasAnEnd:
    """Whatever waits for somebody else to act is looked at when its own time is over."""

    ends = NOW + timedelta(hours=2)

    def test_a_paused_message_waits_to_its_end_and_is_dropped_then(self):
        made = note(source=source(state="paused"), expires_at=self.ends)
        (verdict,) = decide(made)
        assert (verdict.act, verdict.reason, verdict.until) == ("wait", "paused", self.ends)
        assert decide(made, now=self.ends)[0].reason == "expired"

    def test_so_does_who_waits_for_money(self):
        dear = UP | {"email": (ProviderChoice(ProviderId(1), 0.1),)}
        made = note(source=source(channels=("email",), terms=Terms(budget=1.0)), expires_at=self.ends)
        (verdict,) = decide(made, policy=Policy(dear), money={1: 0.0})
        assert (verdict.act, verdict.reason, verdict.until) == ("wait", "budget_spent", self.ends)

    def test_what_may_have_arrived_is_not_dropped_when_the_night_outlasts_it(self):
        silent = Attempt(DeliveryId(1), 1, "email", "a@example.org", "expired", None, ProviderId(1))
        made = note(source=source(failover_on="silence"), attempts=(silent,), expires_at=self.ends)
        night = QuietHours("10:00", "20:00", channels=("email", "sms", "push"))
        (verdict,) = decide(made, policy=Policy(UP, quiet_hours=night))
        assert (verdict.act, verdict.reason) == ("rest", None)
        assert verdict.because == "handed over and not heard of; it is night where the person lives, past its end"


class TestTheLaw:
    def test_counts_every_text_message_also_one_that_followed_another_channel(self):
        """Florida: three in 24 hours. What failed by email and went on by text is a text."""
        told = [Told(NOW - timedelta(hours=n), "coupons", "sms", "+12025550123", further=n > 1) for n in (1, 2, 3)]
        policy, here = Policy(UP), (Reach("sms", "+13055550123"),)
        only = source(channels=("email", "sms"))
        bounced = Attempt(DeliveryId(1), 1, "email", "a@example.org", "failed", "address", ProviderId(1))
        now = NOW.replace(hour=18)
        for attempts in ((), (bounced,)):
            made = note(source=only, attempts=attempts)
            (verdict,) = decide(made, policy=policy, reach=here, regions=("US-FL",), told=told, now=now)
            assert (verdict.act, verdict.reason) == ("wait", "capped"), verdict.because
