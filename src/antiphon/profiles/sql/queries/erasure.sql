-- name: erasure_numbers
-- All numbers of a person: the profile's own and those that lead to it. Reads across buckets: aliases by profile.
SELECT :profile::bigint AS id
 UNION
SELECT id FROM alias WHERE profile_id = :profile::bigint
 ORDER BY 1;

-- name: erasure_lock_identifiers
-- All names of these people, locked in the order of the directory. Reads across buckets: the directory by profile.
SELECT id, kind, value, profile_id
  FROM identifier
 WHERE profile_id = ANY(:ids::bigint[])
 ORDER BY bucket, kind, value
   FOR UPDATE;

-- name: erasure_names
-- The same without a lock. Reads across buckets: the directory by profile.
SELECT id, kind, value
  FROM identifier
 WHERE profile_id = ANY(:ids::bigint[])
 ORDER BY kind, value;

-- name: erasure_lock_profiles
-- Whoever takes in facts about them waits, and then finds nobody.
SELECT profile.id
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id
 ORDER BY profile.bucket, profile.id
   FOR UPDATE OF profile;

-- name: erasure_addresses
-- Where these people can be reached.
SELECT DISTINCT address.channel, address.value
  FROM address
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON address.bucket = (given.id & 255)::smallint AND address.profile_id = given.id
 ORDER BY 1, 2;

-- name: erasure_is_moving
-- Whether a merge of theirs is under way: their events lie under more numbers than we know of.
SELECT EXISTS (SELECT FROM move_due  -- across buckets: by the due index
                WHERE due_at IS NOT NULL AND (profile_id = ANY(:ids::bigint[]) OR moving && :ids::bigint[]));

-- name: erasure_is_undecided
-- Whether it is still being worked out who they are: they may have more numbers soon.
SELECT EXISTS (SELECT
                 FROM identifier  -- across buckets: the directory by profile
                 JOIN identity_due
                   ON identity_due.bucket = (identifier.id & 255)::smallint
                  AND identity_due.identifier_id = identifier.id
                WHERE identifier.profile_id = ANY(:ids::bigint[]) AND identity_due.due_at IS NOT NULL);

-- name: erasure_written
-- What this transaction has deleted and updated so far, by table; partitions count as their table.
SELECT coalesce(parent.relname, s.relname)::text AS name, sum(s.n_tup_del)::bigint AS deleted,
       sum(s.n_tup_upd)::bigint AS updated
  FROM pg_stat_xact_user_tables s
  LEFT JOIN pg_inherits i ON i.inhrelid = s.relid
  LEFT JOIN pg_class parent ON parent.oid = i.inhparent
 WHERE s.schemaname = current_schema()
 GROUP BY 1
HAVING sum(s.n_tup_del) + sum(s.n_tup_upd) > 0;

-- name: erase_events
-- At most so many of the oldest events of a number, and those of the same instant.
DELETE FROM event
 WHERE bucket = :bucket AND profile_id = :profile
   AND at <= coalesce((SELECT e.at
                         FROM event e
                        WHERE e.bucket = :bucket AND e.profile_id = :profile
                        ORDER BY e.at
                       OFFSET :limit - 1
                        LIMIT 1), 'infinity');

-- name: erase_event_sums
-- The fold of their events. The order of the rows prevents deadlocks with those who take events in.
WITH locked AS MATERIALIZED (
       SELECT s.bucket, s.name_id, s.profile_id
         FROM event_sum s
         JOIN unnest(:ids::bigint[]) AS given(id)
           ON s.bucket = (given.id & 255)::smallint AND s.profile_id = given.id
        WHERE s.name_id = ANY(ARRAY(SELECT id FROM event_name))
        ORDER BY s.bucket, s.name_id, s.profile_id
          FOR UPDATE OF s)
DELETE FROM event_sum s
 USING locked
 WHERE s.bucket = locked.bucket AND s.name_id = locked.name_id AND s.profile_id = locked.profile_id;

-- name: erase_links
-- Who was named together with them. `bucket` follows `one`, so both ends are looked up by their index.
DELETE FROM link WHERE one = ANY(:identifiers::bigint[]) OR other = ANY(:identifiers::bigint[]);  -- across buckets

-- name: erase_verdicts
-- What was decided about who they are.
DELETE FROM verdict WHERE one = ANY(:identifiers::bigint[]) OR other = ANY(:identifiers::bigint[]);  -- across buckets

-- name: erase_identity_due
-- Nothing is left to work out.
DELETE FROM identity_due
 USING unnest(:identifiers::bigint[]) AS given(id)
 WHERE identity_due.bucket = (given.id & 255)::smallint AND identity_due.identifier_id = given.id;

-- name: erase_move_due
-- Nothing is left to move.
DELETE FROM move_due
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE move_due.bucket = (given.id & 255)::smallint AND move_due.profile_id = given.id;

-- name: erase_told
-- What each of their identifiers was told to be.
DELETE FROM told
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE told.bucket = (given.id & 255)::smallint AND told.profile_id = given.id;

-- name: erase_trait_changes
-- What their traits were before.
DELETE FROM trait_change
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE trait_change.bucket = (given.id & 255)::smallint AND trait_change.profile_id = given.id;

-- name: erase_words
-- What the search finds them by.
DELETE FROM profile_word
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE profile_word.bucket = (given.id & 255)::smallint AND profile_word.profile_id = given.id;

-- name: erase_belongings
-- What they belonged to.
DELETE FROM belonging
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE belonging.bucket = (given.id & 255)::smallint AND belonging.profile_id = given.id
RETURNING belonging.account;

-- name: erase_empty_accounts
-- Accounts that nobody belongs to any more: a household of one names whoever lived in it.
DELETE FROM account
 USING unnest(:buckets::smallint[], :keys::text[]) AS given(bucket, key)
 WHERE account.bucket = given.bucket AND account.key = given.key
   AND NOT EXISTS (SELECT FROM belonging WHERE belonging.account = given.key);  -- across buckets: by its index

-- name: erase_addresses
-- Where they could be reached.
DELETE FROM address
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE address.bucket = (given.id & 255)::smallint AND address.profile_id = given.id;

-- name: erase_preferences
-- What they wanted.
DELETE FROM preference
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE preference.bucket = (given.id & 255)::smallint AND preference.profile_id = given.id;

-- name: allow_erasing
-- The ledger of consents lets go of rows until this transaction ends.
SELECT set_config('antiphon.erasing', 'on', true);

-- name: erase_consents
-- The ledger of what they said, with its proof.
DELETE FROM consent
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE consent.bucket = (given.id & 255)::smallint AND consent.profile_id = given.id;

-- name: erase_identifiers
-- Their names are free: whoever brings one is somebody new. Reads across buckets: the directory by profile.
DELETE FROM identifier WHERE profile_id = ANY(:ids::bigint[]);

-- name: erase_aliases
-- Numbers that led to them. Reads across buckets: by whom they lead to.
DELETE FROM alias WHERE profile_id = ANY(:ids::bigint[]);

-- name: erase_profiles
-- The people themselves.
DELETE FROM profile
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE profile.bucket = (given.id & 255)::smallint AND profile.id = given.id;

-- name: erase_refused
-- What was refused and names one of them. There are ten thousand at most.
DELETE FROM refused_event r
 WHERE (SELECT bool_or(strpos(lower(r.excerpt || r.flaws::text), lower(part)) > 0) FROM unnest(:parts::text[]) part)
    OR (SELECT bool_or((r.excerpt || r.flaws::text) ~ word) FROM unnest(:words::text[]) word)
    OR (SELECT bool_or(strpos(regexp_replace(r.excerpt || r.flaws::text, '[^0-9]', '', 'g'), digits) > 0)
          FROM unnest(:digits::text[]) digits);

-- name: hold_suppressions
-- Nobody checks a new address until this transaction has ended; whoever is at it is waited for.
SELECT pg_advisory_xact_lock(1937072231);

-- name: share_suppressions
-- No erasure is between its opt-outs and its suppressions.
SELECT pg_advisory_xact_lock_shared(1937072231);

-- name: erasure_opt_outs
-- Opt-outs of these addresses that nobody else has. Reads across buckets: by address.
SELECT o.channel, o.value, o.at, o.how, o.scope
  FROM opt_out o
 WHERE o.channel = ANY(:channels::text[]) AND o.value = ANY(:values::text[])
   AND NOT EXISTS (SELECT FROM address a WHERE a.channel = ANY(:channels::text[]) AND a.value = o.value)
 ORDER BY o.bucket, o.channel, o.value
   FOR UPDATE OF o;

-- name: erase_opt_outs
-- They live on as suppressions.
DELETE FROM opt_out
 USING unnest(:buckets::smallint[], :channels::text[], :values::text[]) AS given(bucket, channel, value)
 WHERE opt_out.bucket = given.bucket AND opt_out.channel = given.channel AND opt_out.value = given.value;

-- name: add_suppressions
-- Opt-outs that name nobody. The earlier one of an address stays.
INSERT INTO suppression (bucket, digest, at, how, scope)
SELECT bucket, digest, at, how, scope
  FROM unnest(:buckets::smallint[], :digests::uuid[], :times::timestamptz[], :hows::text[], :scopes::text[])
       AS given(bucket, digest, at, how, scope)
 ORDER BY bucket, digest
    ON CONFLICT DO NOTHING;

-- name: any_suppression
-- Whether there is one at all.
SELECT EXISTS (SELECT FROM suppression);  -- across buckets: the first row ends it

-- name: take_suppressions
-- Those of these digests that there are: they become opt-outs again, or are lifted. Marketing leaves everything.
DELETE FROM suppression
 USING unnest(:buckets::smallint[], :digests::uuid[]) AS given(bucket, digest)
 WHERE suppression.bucket = given.bucket AND suppression.digest = given.digest
   AND (:scope = 'everything' OR suppression.scope = :scope)
RETURNING suppression.digest, suppression.at, suppression.scope;

-- name: restore_opt_outs
-- What was said of an address holds again. One that stands already stays as it is.
INSERT INTO opt_out (bucket, channel, value, at, how, scope)
SELECT bucket, channel, value, at, 'suppression', scope
  FROM unnest(:buckets::smallint[], :channels::text[], :values::text[], :times::timestamptz[], :scopes::text[])
       AS given(bucket, channel, value, at, scope)
 ORDER BY bucket, channel, value
    ON CONFLICT DO NOTHING;

-- name: add_erasures
-- Numbers that name nobody any more; a last look comes once whoever wrote meanwhile has ended.
INSERT INTO erasure (bucket, profile_id, at, at_wall, keep_counts, due_at, seen_xid)
SELECT (id & 255)::smallint, id, :now, clock_timestamp(), :keep_counts, :now, pg_current_xact_id()
  FROM unnest(:ids::bigint[]) AS given(id)
 ORDER BY 1, 2
    ON CONFLICT DO NOTHING;

-- name: erasures_ready
-- Which of these may be looked at, and for which of them it is the last time.
SELECT e.profile_id, e.keep_counts, clock_timestamp() > e.at_wall + :last_after::interval AS is_last
  FROM erasure e
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON e.bucket = (given.id & 255)::smallint AND e.profile_id = given.id
 WHERE e.seen_xid < pg_snapshot_xmin(pg_current_snapshot())
   AND (e.looks = 0 OR clock_timestamp() > e.at_wall + :last_after::interval);

-- name: erased_among
-- Those of these numbers that name nobody any more.
SELECT e.profile_id
  FROM erasure e
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON e.bucket = (given.id & 255)::smallint AND e.profile_id = given.id;

-- name: newest_erasure
-- When somebody was last erased; across buckets: one row for each number that was.
SELECT max(at) FROM erasure;

-- name: note_looks
-- They were looked at.
UPDATE erasure e
   SET looks = e.looks + 1
  FROM unnest(:ids::bigint[]) AS given(id)
 WHERE e.bucket = (given.id & 255)::smallint AND e.profile_id = given.id;

-- name: look_at_erasures_again
-- There was more than one transaction should delete.
UPDATE erasure e
   SET due_at = :now, version = e.version + 1
  FROM unnest(:ids::bigint[]) AS given(id)
 WHERE e.bucket = (given.id & 255)::smallint AND e.profile_id = given.id;
