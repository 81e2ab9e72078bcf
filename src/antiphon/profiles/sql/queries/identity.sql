-- name: follow_aliases
-- Whom those of these numbers that were merged lead to.
SELECT alias.id, alias.profile_id
  FROM alias
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON alias.bucket = (given.id & 255)::smallint AND alias.id = given.id;

-- name: hold_identity
-- One working out at a time, over all processes: it changes the directory of several people at once.
SELECT pg_advisory_xact_lock(1768186996);

-- name: reach_component
-- Every identifier that links or verdicts lead to from these; links of those that are shared are not followed.
WITH RECURSIVE reached AS (
       SELECT unnest(:seeds::bigint[]) AS id
        UNION
       SELECT next.id
         FROM reached
         JOIN identifier ON identifier.id = reached.id  -- across buckets: by its number
        CROSS JOIN LATERAL (
              SELECT other AS id FROM link  -- across buckets: a link is met from both ends
               WHERE one = reached.id AND NOT identifier.shared
               UNION ALL
              SELECT one FROM link WHERE other = reached.id AND NOT identifier.shared
               UNION ALL
              SELECT other FROM verdict WHERE one = reached.id
               UNION ALL
              SELECT one FROM verdict WHERE other = reached.id) AS next)
SELECT id FROM reached LIMIT :most;

-- name: read_nodes
-- Identifiers by number. Reads across buckets.
SELECT id, kind, value, profile_id, verified_at IS NOT NULL AS verified, shared
  FROM identifier
 WHERE id = ANY(:ids::bigint[]);

-- name: lock_nodes
-- Locked in the order in which ingest locks the directory; answers whose they are. Reads across buckets.
SELECT profile_id
  FROM identifier
 WHERE id = ANY(:ids::bigint[])
 ORDER BY bucket, kind, value
   FOR NO KEY UPDATE;

-- name: read_links
-- What was named together among these. Reads across buckets.
SELECT one, other, first_at, last_at
  FROM link
 WHERE one = ANY(:ids::bigint[]);

-- name: read_verdicts
-- What was decided about these. Reads across buckets.
SELECT one, other, same, at
  FROM verdict
 WHERE one = ANY(:ids::bigint[]);

-- name: lock_people
-- Nobody is attached to, told about or merged with these while we work.
SELECT profile.id, profile.anchor
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id
 ORDER BY profile.bucket, profile.id
   FOR UPDATE OF profile;

-- name: read_aliases
-- Numbers that lead to these. Reads across buckets: an alias lies in its own.
SELECT id, anchor, profile_id
  FROM alias
 WHERE profile_id = ANY(:ids::bigint[]);

-- name: keep_verdicts
-- What a person decided; the latest of a pair counts.
INSERT INTO verdict AS kept (bucket, one, other, same, at, by)
SELECT (least(one, other) & 255)::smallint, least(one, other), greatest(one, other), :same, :at, :by
  FROM unnest(:ones::bigint[], :others::bigint[]) AS given(one, other)
 WHERE one <> other
 ORDER BY 1, 2, 3
    ON CONFLICT (bucket, one, other) DO UPDATE
   SET same = excluded.same, at = excluded.at, by = excluded.by
 WHERE excluded.at >= kept.at;

-- name: share_identifiers
-- So many people have these that they join nobody from now on. Reads across buckets.
UPDATE identifier SET shared = true WHERE id = ANY(:ids::bigint[]) AND NOT shared;

-- name: make_profiles
-- Profiles that are people again, or for the first time.
INSERT INTO profile (bucket, id, created_at, anchor)
SELECT (given.id & 255)::smallint, given.id, coalesce(alias.created_at, :now), given.anchor
  FROM unnest(:ids::bigint[], :anchors::bigint[]) AS given(id, anchor)
  LEFT JOIN alias ON alias.bucket = (given.id & 255)::smallint AND alias.id = given.id
 ORDER BY 1, 2;

-- name: drop_aliases
-- These numbers are people again.
DELETE FROM alias
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE alias.bucket = (given.id & 255)::smallint AND alias.id = given.id;

-- name: make_aliases
-- These numbers lead to others from now on; who led to them already goes along.
WITH given AS MATERIALIZED (
       SELECT id, leads_to, because
         FROM unnest(:ids::bigint[], :leads::bigint[], :becauses::text[]) AS given(id, leads_to, because)),
     gone AS (
       DELETE FROM profile
        USING given
        WHERE profile.bucket = (given.id & 255)::smallint AND profile.id = given.id
       RETURNING profile.bucket, profile.id, profile.anchor, profile.created_at, given.leads_to, given.because)
INSERT INTO alias AS kept (bucket, id, profile_id, anchor, created_at, merged_at, because)
SELECT bucket, id, leads_to, anchor, created_at, :now, because::jsonb
  FROM gone
 ORDER BY bucket, id;

-- name: lead_aliases
-- Aliases whose person became part of another.
UPDATE alias
   SET profile_id = given.leads_to
  FROM unnest(:ids::bigint[], :leads::bigint[]) AS given(id, leads_to)
 WHERE alias.bucket = (given.id & 255)::smallint AND alias.id = given.id;

-- name: own_identifiers
-- Identifiers lead to their people. Reads across buckets: by number.
UPDATE identifier
   SET profile_id = given.owner
  FROM unnest(:ids::bigint[], :owners::bigint[]) AS given(id, owner)
 WHERE identifier.id = given.id;

-- name: move_told
-- What identifiers were told goes where they belong.
WITH gone AS (
       DELETE FROM told
        USING unnest(:people::bigint[]) AS given(id), identifier
        WHERE told.bucket = (given.id & 255)::smallint AND told.profile_id = given.id
          AND identifier.id = told.who AND identifier.profile_id <> told.profile_id
       RETURNING identifier.profile_id AS owner, told.who, told.traits)
INSERT INTO told (bucket, profile_id, who, traits)
SELECT (owner & 255)::smallint, owner, who, traits
  FROM gone
 ORDER BY 1, 2, 3;

-- name: move_belongings
-- Which accounts people belong to goes with the identifier that it was told of, or with the number's anchor.
WITH gone AS (
       DELETE FROM belonging
        USING unnest(:people::bigint[]) AS given(id), identifier
        WHERE belonging.bucket = (given.id & 255)::smallint AND belonging.profile_id = given.id
          AND identifier.id = belonging.who AND identifier.profile_id <> belonging.profile_id
       RETURNING identifier.profile_id AS owner, belonging.account, belonging.who, belonging.since)
INSERT INTO belonging (bucket, profile_id, account, who, since)
SELECT (owner & 255)::smallint, owner, account, who, since
  FROM gone
 ORDER BY 1, 2, 3, 4
    ON CONFLICT DO NOTHING;

-- name: stamp_statements
-- What was said by a number that now leads elsewhere was said in the name of its anchor.
UPDATE consent
   SET who = alias.anchor
  FROM unnest(:people::bigint[]) AS given(id), alias
 WHERE consent.bucket = (given.id & 255)::smallint AND consent.profile_id = given.id
   AND consent.who = 0
   AND alias.bucket = consent.bucket AND alias.id = consent.profile_id;

-- name: move_statements
-- The ledger goes where the identifier belongs in whose name something was said.
UPDATE consent
   SET profile_id = identifier.profile_id, bucket = (identifier.profile_id & 255)::smallint
  FROM unnest(:people::bigint[]) AS given(id), identifier
 WHERE consent.bucket = (given.id & 255)::smallint AND consent.profile_id = given.id
   AND identifier.id = consent.who AND identifier.profile_id <> consent.profile_id;

-- name: move_trait_changes
-- So does the history of traits.
UPDATE trait_change
   SET profile_id = identifier.profile_id, bucket = (identifier.profile_id & 255)::smallint
  FROM unnest(:people::bigint[]) AS given(id), identifier
 WHERE trait_change.bucket = (given.id & 255)::smallint AND trait_change.profile_id = given.id
   AND identifier.id = trait_change.who AND identifier.profile_id <> trait_change.profile_id;

-- name: read_address_rows
-- Everything we know of the addresses of these people.
SELECT address.*
  FROM address
  JOIN unnest(:people::bigint[]) AS given(id)
    ON address.bucket = (given.id & 255)::smallint AND address.profile_id = given.id
 ORDER BY address.bucket, address.profile_id, address.channel, address.value
   FOR UPDATE OF address;

-- name: copy_addresses
-- Addresses go where their identifiers belong, with what the world taught us about them.
INSERT INTO address (bucket, profile_id, channel, value, state, details, changed_at, succeeded_at, failed_at, failures,
                     on_mobile, on_other)
SELECT (given.owner & 255)::smallint, given.owner, address.channel, address.value, address.state, address.details,
       address.changed_at, address.succeeded_at, address.failed_at, address.failures, address.on_mobile,
       address.on_other
  FROM unnest(:owners::bigint[], :holders::bigint[], :channels::text[], :values::text[])
       AS given(owner, holder, channel, value)
  JOIN address
    ON address.bucket = (given.holder & 255)::smallint AND address.profile_id = given.holder
   AND address.channel = given.channel AND address.value = given.value
 ORDER BY 1, 2, 3, 4
    ON CONFLICT DO NOTHING;

-- name: drop_addresses
-- These people are not reached there any more: the address went with its identifier.
DELETE FROM address
 USING unnest(:people::bigint[], :channels::text[], :values::text[]) AS given(id, channel, value)
 WHERE address.bucket = (given.id & 255)::smallint AND address.profile_id = given.id
   AND address.channel = given.channel AND address.value = given.value;

-- name: drop_preferences_of
-- The wishes of numbers that lead elsewhere now stand with whom they lead to.
DELETE FROM preference
 USING unnest(:people::bigint[]) AS given(id)
 WHERE preference.bucket = (given.id & 255)::smallint AND preference.profile_id = given.id;

-- name: drop_words
-- Nobody is found by a number that leads elsewhere.
DELETE FROM profile_word
 USING unnest(:people::bigint[]) AS given(id)
 WHERE profile_word.bucket = (given.id & 255)::smallint AND profile_word.profile_id = given.id;

-- name: make_moves
-- The events of these numbers must be looked through; until then these people are not whole. `seen_xid`: not seen yet.
INSERT INTO move_due AS kept (bucket, profile_id, due_at, version, seen_xid, moving)
SELECT (id & 255)::smallint, id, :now, 1, '18446744073709551615', :moving::bigint[]
  FROM unnest(:ids::bigint[]) AS given(id)
 ORDER BY 1, 2
    ON CONFLICT (bucket, profile_id) DO UPDATE
   SET due_at = least(kept.due_at, excluded.due_at), version = kept.version + 1, seen_xid = excluded.seen_xid,
       moving = ARRAY(SELECT DISTINCT unnest(kept.moving || excluded.moving));

-- name: note_moves
-- Seen for the first time after the merge: whoever read the directory before it has a lower transaction id than we.
UPDATE move_due
   SET seen_xid = pg_current_xact_id()
  FROM unnest(:ids::bigint[]) AS given(id)
 WHERE move_due.bucket = (given.id & 255)::smallint
   AND move_due.profile_id = given.id
   AND move_due.seen_xid = '18446744073709551615';

-- name: is_last_look
-- Nobody who read the directory before the merge is still writing: what is not there now never comes. To be asked in a
-- statement before the look.
SELECT seen_xid < pg_snapshot_xmin(pg_current_snapshot())
  FROM move_due
 WHERE bucket = :bucket AND profile_id = :profile;

-- name: move_events
-- Up to so many events of a number go where the identifiers belong that they happened to; what is told of the number
-- itself goes with its anchor. Answers what went, by owner and kind.
WITH lost AS MATERIALIZED (
       SELECT event.tableoid AS part, event.ctid AS place, coalesce(identifier.profile_id, alias.profile_id) AS owner,
              coalesce(event.who, alias.anchor) AS told
         FROM event
         LEFT JOIN identifier ON identifier.id = event.who  -- across buckets: by its number
         LEFT JOIN alias ON alias.bucket = :bucket AND alias.id = event.profile_id
        WHERE event.profile_id = :profile
          AND coalesce(identifier.profile_id, alias.profile_id, event.profile_id) <> event.profile_id
        LIMIT :most),
     gone AS (
       DELETE FROM event
        USING lost
        WHERE event.profile_id = :profile
          AND event.tableoid = lost.part
          AND event.ctid = lost.place
       RETURNING lost.owner, lost.told, event.at, event.name_id, event.received_at, event.properties),
     come AS (
       INSERT INTO event (bucket, profile_id, at, name_id, received_at, who, properties)
       SELECT (owner & 255)::smallint, owner, at, name_id, received_at, told, properties
         FROM gone)
SELECT owner, name_id, count(*)::integer AS number, min(at) AS first_at, max(at) AS last_at
  FROM gone
 GROUP BY owner, name_id;

-- name: add_sums
-- What came to people.
INSERT INTO event_sum AS kept (bucket, profile_id, name_id, count, first_at, last_at)
SELECT (owner & 255)::smallint, owner, name_id, count, first_at, last_at
  FROM unnest(:owners::bigint[], :names::integer[], :counts::integer[], :firsts::timestamptz[], :lasts::timestamptz[])
       AS given(owner, name_id, count, first_at, last_at)
 ORDER BY 1, 3, 2
    ON CONFLICT (bucket, name_id, profile_id) DO UPDATE
   SET count = kept.count + excluded.count,
       first_at = least(kept.first_at, excluded.first_at),
       last_at = greatest(kept.last_at, excluded.last_at);

-- name: take_sums
-- What went from a person. Where the first or the last went, the events that are left say which it is now; where
-- retention let those go, the sum keeps what it knew.
UPDATE event_sum AS kept
   SET count = greatest(kept.count - given.count, 0),
       first_at = CASE WHEN given.first_at > kept.first_at THEN kept.first_at
                       ELSE coalesce((SELECT min(at) FROM event
                                       WHERE event.profile_id = :profile AND event.name_id = kept.name_id),
                                     kept.first_at) END,
       last_at = CASE WHEN given.last_at < kept.last_at THEN kept.last_at
                      ELSE coalesce((SELECT max(at) FROM event
                                      WHERE event.profile_id = :profile AND event.name_id = kept.name_id),
                                    kept.last_at) END
  FROM (SELECT name_id, sum(count)::integer AS count, min(first_at) AS first_at, max(last_at) AS last_at
          FROM unnest(:names::integer[], :counts::integer[], :firsts::timestamptz[], :lasts::timestamptz[])
               AS given(name_id, count, first_at, last_at)
         GROUP BY name_id) AS given
 WHERE kept.bucket = :bucket
   AND kept.profile_id = :profile
   AND kept.name_id = given.name_id;

-- name: drop_empty_sums
-- Kinds of events of which a person has none any more.
DELETE FROM event_sum WHERE bucket = :bucket AND profile_id = :profile AND count = 0;

-- name: hand_over_sums
-- What sums of a number that leads elsewhere still know of events that retention let go.
WITH gone AS (
       DELETE FROM event_sum
        USING alias
        WHERE event_sum.bucket = :bucket AND event_sum.profile_id = :profile
          AND alias.bucket = event_sum.bucket AND alias.id = event_sum.profile_id
       RETURNING alias.profile_id AS owner, event_sum.name_id, event_sum.count, event_sum.first_at, event_sum.last_at)
SELECT owner, name_id, count AS number, first_at, last_at FROM gone WHERE count > 0;

-- name: move_addresses
-- Addresses that came to a number after it was merged go to the person.
WITH gone AS (
       DELETE FROM address
        USING alias
        WHERE address.bucket = :bucket AND address.profile_id = :profile
          AND alias.bucket = address.bucket AND alias.id = address.profile_id
       RETURNING alias.profile_id AS owner, address.channel, address.value, address.state, address.details,
                 address.changed_at)
INSERT INTO address (bucket, profile_id, channel, value, state, details, changed_at)
SELECT (owner & 255)::smallint, owner, channel, value, state, details, changed_at
  FROM gone
 ORDER BY 1, 2, 3, 4
    ON CONFLICT DO NOTHING;

-- name: end_moving
-- The people are whole; answers who was waited for.
UPDATE move_due AS kept
   SET moving = '{}'
  FROM (SELECT bucket, profile_id, moving FROM move_due
         WHERE bucket = :bucket AND profile_id = :profile FOR UPDATE) AS was
 WHERE kept.bucket = was.bucket AND kept.profile_id = was.profile_id
RETURNING was.moving;

-- name: end_move
-- All that there was went where it belongs.
DELETE FROM move_due
 WHERE bucket = :bucket AND profile_id = :profile AND version = :version;

-- name: present_people
-- Those of these numbers that are people.
SELECT profile.id
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id;

-- name: count_identity_due
-- Work of this part that is due and not finished.
SELECT (SELECT count(*) FROM identity_due WHERE due_at <= :now)  -- across buckets: by the due index
     + (SELECT count(*) FROM move_due WHERE due_at <= :now AND moving <> '{}');

-- name: identifiers_of
-- All names of a person with where they come from. Reads across buckets: the directory is asked by profile.
SELECT id, kind, value, source, first_at, seen_at, verified_at, shared
  FROM identifier
 WHERE profile_id = :profile;

-- name: becauses
-- The numbers that lead to a person. Reads across buckets: an alias lies in its own.
SELECT id, because, merged_at
  FROM alias
 WHERE profile_id = :profile
 ORDER BY merged_at, id;

-- name: touch_everybody
-- Whatever hangs together is worked out anew: once per identifier in the middle of links.
INSERT INTO identity_due AS kept (bucket, identifier_id, due_at, version)
SELECT DISTINCT link.bucket, link.one, :now::timestamptz, 1
  FROM link
 ORDER BY 1, 2
    ON CONFLICT (bucket, identifier_id) DO UPDATE
   SET due_at = least(kept.due_at, excluded.due_at), version = kept.version + 1;

-- name: verify_identifier
-- Whoever has it answered from there.
UPDATE identifier
   SET verified_at = :now
 WHERE bucket = :bucket AND kind = :kind AND value = :value AND verified_at IS NULL
RETURNING id;
