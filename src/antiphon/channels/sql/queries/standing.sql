-- name: read_counts
-- What each account answered and reported in the last minute of wall time and the last hour of product time, by kind.
SELECT t.provider_id, t.kind,
       coalesce(sum(t.n) FILTER (WHERE t.noted_at > clock_timestamp() - interval '1 minute'), 0)::bigint AS minute,
       coalesce(sum(t.n) FILTER (WHERE t.at > :now::timestamptz - interval '1 hour'), 0)::bigint AS hour
  FROM provider_tally t
 WHERE (t.noted_at > clock_timestamp() - interval '1 minute' OR t.at > :now::timestamptz - interval '1 hour')
   AND t.kind NOT LIKE 'latency:%' AND t.kind <> 'blamed'
 GROUP BY t.provider_id, t.kind;

-- name: read_connected
-- How many processes may send through an account now, over how many connections, and how many listen to it.
SELECT l.provider_id, count(*) FILTER (WHERE l.part = 'send') AS processes,
       coalesce(sum(l.connections) FILTER (WHERE l.part = 'send'), 0)::bigint AS connections,
       count(*) FILTER (WHERE l.part = 'listen') AS listeners
  FROM provider_lease l
 WHERE l.until > clock_timestamp()
 GROUP BY l.provider_id;

-- name: read_slowed
-- How many mail systems each account serves at a learned pace.
SELECT p.provider_id, count(*) AS n FROM receiver_pace p GROUP BY p.provider_id;

-- name: read_day
-- Of a day's warm-up: how much was used in all, and where most of it.
SELECT DISTINCT ON (d.provider_id) d.provider_id, d.receiver, d.n,
       sum(d.n) OVER (PARTITION BY d.provider_id)::bigint AS total
  FROM provider_day d
 WHERE d.day = :day
 ORDER BY d.provider_id, d.n DESC, d.receiver;
