-- name: read_breaker
-- The breaker of an account, unlocked, with its pace and whether it is switched on.
SELECT p.name, p.enabled, p.per_second, s.failures, s.reason,
       extract(epoch FROM s.paused_until)::double precision AS paused_until,
       extract(epoch FROM s.probing_until)::double precision AS probing_until,
       extract(epoch FROM clock_timestamp())::double precision AS at
  FROM provider p
  JOIN provider_state s ON s.provider_id = p.id
 WHERE p.id = :id;

-- name: lock_breaker
-- The same under its lock: whoever changes it has seen what it was.
SELECT p.name, p.enabled, p.per_second, s.failures, s.reason,
       extract(epoch FROM s.paused_until)::double precision AS paused_until,
       extract(epoch FROM s.probing_until)::double precision AS probing_until,
       extract(epoch FROM clock_timestamp())::double precision AS at
  FROM provider p
  JOIN provider_state s ON s.provider_id = p.id
 WHERE p.id = :id
   FOR UPDATE OF s;

-- name: write_breaker
-- What became of the breaker.
UPDATE provider_state
   SET failures = :failures, paused_until = to_timestamp(:paused_until), probing_until = to_timestamp(:probing_until),
       reason = :reason, closed_at = CASE WHEN :failures::integer = 0 THEN clock_timestamp() ELSE closed_at END
 WHERE provider_id = :id;

-- name: add_tallies
-- What was answered or reported; says which of these accounts is half open, so that answers may close it.
WITH added AS (
       INSERT INTO provider_tally (provider_id, at, noted_at, kind, n)
       SELECT given.id, given.at, clock_timestamp(), given.kind, given.n
         FROM unnest(:ids::integer[], :at::timestamptz[], :kinds::text[], :ns::bigint[]) AS given(id, at, kind, n))
SELECT s.provider_id
  FROM provider_state s
 WHERE s.provider_id = ANY(:ids) AND s.failures > 0 AND coalesce(s.paused_until <= clock_timestamp(), true);

-- name: read_last_minute
-- Answers of an account in the last minute of wall time, since its breaker last closed.
SELECT t.kind, sum(t.n)::bigint AS n
  FROM provider_tally t
  JOIN provider_state s ON s.provider_id = t.provider_id
 WHERE t.provider_id = :id
   AND t.noted_at > greatest(clock_timestamp() - :within_s * interval '1 second', s.closed_at)
 GROUP BY t.kind;

-- name: read_facts
-- What pacing must know of an account: which receivers are limited (none: too many to name).
SELECT p.channel, p.warm_up, found.receivers
  FROM provider p,
       LATERAL (SELECT coalesce(array_agg(few.receiver), '{}') AS receivers
                  FROM (SELECT r.receiver FROM receiver_pace r WHERE r.provider_id = p.id LIMIT :most) few) found
 WHERE p.id = :id;

-- name: reserve_slots
-- The next slots of these receivers, as many as are near; who finds none is told about when its turn will be.
WITH wanted AS (
       SELECT * FROM unnest(:receivers::text[], :ns::integer[]) AS wanted(receiver, n)),
     held AS MATERIALIZED (
       SELECT p.receiver, p.per_second, p.next_at, p.tail_at, p.paused_until, wanted.n
         FROM receiver_pace p
         JOIN wanted ON wanted.receiver = p.receiver
        WHERE p.provider_id = :id
        ORDER BY p.receiver
          FOR UPDATE OF p),
     timed AS MATERIALIZED (
       SELECT held.*, clock_timestamp() AS at FROM held),
     first AS MATERIALIZED (
       SELECT timed.*, greatest(next_at, paused_until, at - :burst_s * interval '1 second') AS first_at FROM timed),
     placed AS MATERIALIZED (
       SELECT first.*,
              least(n, greatest(0, 1 + floor((:ahead_s - extract(epoch FROM first_at - at)) * per_second)))::integer AS taken
         FROM first),
     ended AS MATERIALIZED (
       SELECT placed.*, first_at + taken / per_second * interval '1 second' AS end_at FROM placed)
UPDATE receiver_pace p
   SET next_at = CASE WHEN ended.taken > 0 THEN ended.end_at ELSE p.next_at END,
       tail_at = CASE WHEN ended.n > ended.taken
                      THEN greatest(ended.tail_at, ended.end_at)
                           + (ended.n - ended.taken) / ended.per_second * interval '1 second'
                      ELSE p.tail_at END
  FROM ended
 WHERE p.provider_id = :id AND p.receiver = ended.receiver
RETURNING p.receiver, ended.per_second, ended.taken,
          extract(epoch FROM ended.first_at - ended.at)::double precision AS first_s,
          extract(epoch FROM greatest(ended.tail_at, ended.end_at) - ended.at)::double precision AS tail_s;

-- name: lock_paces
-- What was learned of these receivers, each under its lock.
SELECT p.receiver, p.per_second, p.ceiling,
       extract(epoch FROM clock_timestamp() - p.deferred_at)::double precision AS calm_s,
       coalesce(extract(epoch FROM p.held_until - clock_timestamp()), 0)::double precision AS held_s,
       coalesce(extract(epoch FROM p.next_at - clock_timestamp()), 0)::double precision AS backlog_s
  FROM receiver_pace p
 WHERE p.provider_id = :id AND p.receiver = ANY(:receivers::text[])
 ORDER BY p.receiver
   FOR UPDATE;

-- name: write_paces
-- What has been learned now. `pauses`: seconds in which a receiver asked for nothing at all.
INSERT INTO receiver_pace AS p (provider_id, receiver, per_second, ceiling, paused_until, held_until, deferred,
                                deferred_at, code)
SELECT :id, given.receiver, given.per_second, given.ceiling,
       CASE WHEN given.pause > 0 THEN clock_timestamp() + given.pause * interval '1 second' END,
       CASE WHEN given.held > 0 THEN clock_timestamp() + given.held * interval '1 second' END,
       given.deferred, clock_timestamp(), given.code
  FROM unnest(:receivers::text[], :per_second::float8[], :ceilings::float8[], :pauses::float8[], :held::float8[],
              :deferred::bigint[], :codes::text[])
       AS given(receiver, per_second, ceiling, pause, held, deferred, code)
 ORDER BY given.receiver
    ON CONFLICT (provider_id, receiver) DO UPDATE
   SET per_second = excluded.per_second, ceiling = excluded.ceiling, held_until = excluded.held_until,
       paused_until = greatest(excluded.paused_until, p.paused_until),
       deferred = p.deferred + excluded.deferred,
       deferred_at = CASE WHEN excluded.deferred > 0 THEN excluded.deferred_at ELSE p.deferred_at END,
       code = CASE WHEN excluded.deferred > 0 THEN excluded.code ELSE p.code END;

-- name: read_paces
-- Receivers whose pace was learned, the slowest first.
SELECT p.receiver, p.per_second, p.deferred, p.deferred_at, p.code, p.paused_until
  FROM receiver_pace p
 WHERE p.provider_id = :id
 ORDER BY p.per_second, p.receiver
 LIMIT :most;

-- name: trim_paces
-- Forget receivers that have not deferred for a day, and all but so many of an account.
DELETE FROM receiver_pace p
 WHERE p.deferred_at < clock_timestamp() - interval '1 day'
    OR (p.provider_id, p.receiver) IN (
       SELECT many.provider_id, many.receiver
         FROM (SELECT r.provider_id, r.receiver,
                      row_number() OVER (PARTITION BY r.provider_id ORDER BY r.deferred_at DESC) AS place
                 FROM receiver_pace r) many
        WHERE many.place > :most);

-- name: lock_days
-- How much of a day's warm-up is used at these receivers, under its lock.
INSERT INTO provider_day AS d (provider_id, receiver, day)
SELECT :id, given.receiver, :day FROM unnest(:receivers::text[]) AS given(receiver) ORDER BY given.receiver
    ON CONFLICT (provider_id, receiver, day) DO UPDATE SET n = d.n
RETURNING d.receiver, d.n;

-- name: use_days
-- So many more are used.
UPDATE provider_day d
   SET n = d.n + given.n
  FROM unnest(:receivers::text[], :ns::integer[]) AS given(receiver, n)
 WHERE d.provider_id = :id AND d.day = :day AND d.receiver = given.receiver;

-- name: trim_days
-- Warm-ups of days that are over.
DELETE FROM provider_day WHERE day < :day::date - 2;

-- name: is_measured
-- Whether somebody looked at the health of the accounts a moment ago, or is at it.
SELECT NOT pg_try_advisory_xact_lock(:key)
       OR coalesce(max(s.measured_at) > clock_timestamp() - :every_s * interval '1 second', false) AS done
  FROM provider_state s;

-- name: fold_tallies
-- One row where there were many of a slot; older slots are five minutes, an hour, a day long. What the breaker still
-- looks at stays.
WITH old AS (
       SELECT t.ctid AS place, t.provider_id, t.kind, t.n, t.noted_at, t.at,
              CASE WHEN t.at > :now::timestamptz - interval '30 minutes' THEN t.at
                   WHEN t.at > :now::timestamptz - interval '2 hours'
                   THEN date_bin('5 minutes', t.at, timestamptz '2000-01-01 00:00:00Z')
                   WHEN t.at > :now::timestamptz - interval '1 day' THEN date_trunc('hour', t.at)
                   ELSE date_trunc('day', t.at) END AS slot
         FROM provider_tally t
        WHERE t.noted_at < clock_timestamp() - interval '70 seconds'),
     many AS (
       SELECT old.provider_id, old.kind, old.slot
         FROM old
        GROUP BY 1, 2, 3
       HAVING count(*) > 1 OR bool_or(old.at <> old.slot)),
     gone AS (
       DELETE FROM provider_tally t
        USING old JOIN many USING (provider_id, kind, slot)
        WHERE t.ctid = old.place
       RETURNING old.provider_id, old.kind, old.slot, old.n, old.noted_at)
INSERT INTO provider_tally (provider_id, at, noted_at, kind, n)
SELECT gone.provider_id, gone.slot, max(gone.noted_at), gone.kind, sum(gone.n)
  FROM gone
 GROUP BY gone.provider_id, gone.kind, gone.slot;

-- name: drop_tallies
-- What is older than all that health looks at.
DELETE FROM provider_tally WHERE at < :now::timestamptz - :keep_s * interval '1 second';

-- name: read_tallies
-- All there is, by account, kind and slot.
SELECT t.provider_id, t.kind, t.at, sum(t.n)::bigint AS n
  FROM provider_tally t
 WHERE t.at <= :now
 GROUP BY t.provider_id, t.kind, t.at;

-- name: write_health
-- What the look at them found.
UPDATE provider_state s
   SET health = given.health, health_why = given.why, silence_s = given.silence_s, measured_at = clock_timestamp()
  FROM unnest(:ids::integer[], :healths::float8[], :whys::jsonb[], :silences::float8[])
       AS given(id, health, why, silence_s)
 WHERE s.provider_id = given.id;

-- name: lock_leases
-- One process at a time shares out connections.
SELECT pg_advisory_xact_lock(:key);

-- name: read_leases
-- Who holds what now.
SELECT l.provider_id, l.part, l.holder, l.connections
  FROM provider_lease l
 WHERE l.until > clock_timestamp();

-- name: write_leases
-- What this process holds for so long.
INSERT INTO provider_lease (provider_id, part, holder, connections, until)
SELECT given.id, given.part, :holder, given.connections, clock_timestamp() + :lease_s * interval '1 second'
  FROM unnest(:ids::integer[], :parts::text[], :connections::integer[]) AS given(id, part, connections)
    ON CONFLICT (provider_id, part, holder) DO UPDATE
   SET connections = excluded.connections, until = excluded.until;

-- name: drop_leases
-- What this process holds no more, and what nobody renewed.
DELETE FROM provider_lease l
 WHERE l.until <= clock_timestamp() - interval '1 minute'
    OR (l.holder = :holder
        AND NOT EXISTS (SELECT FROM unnest(:ids::integer[], :parts::text[]) AS kept(id, part)
                         WHERE kept.id = l.provider_id AND kept.part = l.part));
