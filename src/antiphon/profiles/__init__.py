"""Who the customer is: identifiers, traits, events, preferences, opt-outs, addresses.

    await database.repeat(lambda tx: profiles.record(tx, facts))

`record` is the only way in. A fact says what happened (a track) or who somebody is (an identify). Promised:

- The same message id of the same source counts once, however often and by however many writers it is sent.
- An identifier leads to one profile. A fact is about whoever its strongest identifier leads to; those that are free are
  attached at once, and what was named together is linked. `identity` works out from all links, in due work beside
  ingest, who belongs together: profiles are merged, or parted again, and their number stays good for ever. Whatever
  order facts come in, the people are the same.
- Traits are the latest by event time.
- Events of any date are kept, also those to come; `event_sum` is their fold.
- Everything is told upwards in the same transaction: `list[Event]` and `list[ProfileChange]` through the outlet.

An address that came with an identify is registered: if it was dead, it is active again. One that merely came with
a track is added where it is new. Whether it may be written to is not its owner's state: an opt-out belongs to the
address itself, whoever holds it, now or later.
"""

from antiphon.profiles import consent, kinds, optin, trait_schema
from antiphon.profiles.accounts import (
    Account,
    AccountMember,
    accounts_of,
    find_account,
    leave_account,
    members_of_account,
    tell_account,
)
from antiphon.profiles.addresses import mark_dead, note_outcomes, saw_device
from antiphon.profiles.called import names
from antiphon.profiles.check import BATCH_MAX, flaws
from antiphon.profiles.consent import (
    grid,
    ledger,
    opt_in,
    opt_out,
    preferences,
    refold,
    set_preferences,
    state,
)
from antiphon.profiles.consent_effect import effective
from antiphon.profiles.consent_fold import Standing
from antiphon.profiles.consent_records import (
    Asked,
    Cell,
    Confirmed,
    Consent,
    Effective,
    Proof,
    Statement,
    Topic,
)
from antiphon.profiles.duplicates import Duplicate, Duplicates, duplicates_of, find_duplicates
from antiphon.profiles.erasure import Erasure, erase, in_flight, last_erased_at, look_again
from antiphon.profiles.export import Person, Section, add_sections
from antiphon.profiles.headcount import about_how_many, about_how_many_known, anybody
from antiphon.profiles.identifiers import normalise, parse
from antiphon.profiles.identity.merging import merge_people, say_same, unmerge
from antiphon.profiles.identity.work import count_due, run
from antiphon.profiles.ingest import event_names, find, find_or_make, record
from antiphon.profiles.kinds import is_kind
from antiphon.profiles.known import record_known
from antiphon.profiles.numbers import find_named, find_one, led_to, read_name
from antiphon.profiles.provenance import KnownAs, OptedOut, provenance_of
from antiphon.profiles.records import (
    AccountFact,
    Address,
    Belonging,
    Fact,
    Preference,
    PreferenceState,
    Profile,
    Recorded,
    RecordedEvent,
    Subscription,
)
from antiphon.profiles.refusals import KeptRefusal, Refusal, newest_refusals, refuse
from antiphon.profiles.retention import Kept, Rule, add_rules
from antiphon.profiles.retention import keep as keep_to_rules
from antiphon.profiles.search import FoundPeople, FoundPerson, find_people, keep_words
from antiphon.profiles.suppression import lift, on_new_addresses
from antiphon.profiles.timeline import read
from antiphon.profiles.topics import drop_topic, find_topic, topics, write_topic
from antiphon.profiles.work import ensure_partitions

__all__ = [
    "BATCH_MAX",
    "Account",
    "AccountFact",
    "AccountMember",
    "Address",
    "Asked",
    "Belonging",
    "Cell",
    "Confirmed",
    "Consent",
    "Duplicate",
    "Duplicates",
    "Effective",
    "Erasure",
    "Fact",
    "FoundPeople",
    "FoundPerson",
    "Kept",
    "KeptRefusal",
    "KnownAs",
    "OptedOut",
    "Person",
    "Preference",
    "PreferenceState",
    "Profile",
    "Proof",
    "Recorded",
    "RecordedEvent",
    "Refusal",
    "Rule",
    "Section",
    "Standing",
    "Statement",
    "Subscription",
    "Topic",
    "about_how_many",
    "about_how_many_known",
    "accounts_of",
    "add_rules",
    "add_sections",
    "anybody",
    "consent",
    "count_due",
    "drop_topic",
    "duplicates_of",
    "effective",
    "ensure_partitions",
    "erase",
    "event_names",
    "find",
    "find_account",
    "find_duplicates",
    "find_named",
    "find_one",
    "find_or_make",
    "find_people",
    "find_topic",
    "flaws",
    "grid",
    "in_flight",
    "is_kind",
    "keep_to_rules",
    "keep_words",
    "kinds",
    "last_erased_at",
    "leave_account",
    "led_to",
    "ledger",
    "lift",
    "look_again",
    "mark_dead",
    "members_of_account",
    "merge_people",
    "names",
    "newest_refusals",
    "normalise",
    "note_outcomes",
    "on_new_addresses",
    "opt_in",
    "opt_out",
    "optin",
    "parse",
    "preferences",
    "provenance_of",
    "read",
    "read_name",
    "record",
    "record_known",
    "refold",
    "refuse",
    "run",
    "saw_device",
    "say_same",
    "set_preferences",
    "state",
    "tell_account",
    "topics",
    "trait_schema",
    "unmerge",
    "write_topic",
]
