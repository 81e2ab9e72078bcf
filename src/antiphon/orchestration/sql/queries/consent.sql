-- name: read_told
-- Campaign messages that these people got since a time of each, under any of their numbers: every attempt that left
-- or is about to. Their own limits count the first of each message, the law all of them.
SELECT number.person, coalesce(d.handed_at, :now) AS at, s.topic, d.channel, d.address,
       row_number() OVER (PARTITION BY n.bucket, n.id ORDER BY d.n) > 1 AS further
  FROM (SELECT given.profile_id, given.profile_id AS person, given.since
          FROM unnest(:profiles::bigint[], :since::timestamptz[]) AS given(profile_id, since)
        UNION ALL
        SELECT a.profile_id, a.merged_into, given.since
          FROM unnest(:profiles::bigint[], :since::timestamptz[]) AS given(profile_id, since)
          JOIN person a ON a.merged_into = given.profile_id) AS number
  JOIN notification n
    ON n.bucket = (number.profile_id & 255)::smallint AND n.profile_id = number.profile_id
  JOIN source s ON s.id = n.source_id AND s.purpose = 'campaign'
  JOIN delivery d ON d.bucket = n.bucket AND d.notification_id = n.id AND d.state NOT IN ('cancelled', 'superseded')
 WHERE coalesce(d.handed_at, :now) > number.since
 ORDER BY n.bucket, n.id, d.n;

-- name: count_critical
-- Messages that passed a person's wishes since a time, under any of their numbers.
SELECT count(*)
  FROM (SELECT :profile_id::bigint AS profile_id
        UNION ALL
        SELECT a.profile_id FROM person a WHERE a.merged_into = :profile_id::bigint) AS number
  JOIN notification n
    ON n.bucket = (number.profile_id & 255)::smallint AND n.profile_id = number.profile_id AND n.created_at > :since
  JOIN source s ON s.id = n.source_id AND s.kind = 'api' AND s.purpose = ANY(:purposes::text[])
  LEFT JOIN known_topic t ON t.name = s.topic
 WHERE s.topic = '' OR t.critical;

-- name: clear
-- The mark: what may leave now. Only while the lease is mine, its quiet hours have not begun, and no opt-out, wish,
-- pause, missing or expired consent, dead or foreign address, move of the person, pause or cancel of the source stands: the same words in the same order
-- as `profiles.effective` (tests/orchestration/test_mark_and_wish.py compares them).
-- `rank` is how broad a wish is: the narrowest decides.
WITH given AS MATERIALIZED (
       SELECT d.bucket, d.id, d.lease, d.channel, d.address, s.topic, s.purpose, s.kind,
              coalesce(person.merged_into, d.profile_id) AS person,
              s.purpose IN ('code', 'alert', 'system') AND (s.topic = '' OR coalesce(t.critical, false)) AS critical,
              coalesce(t.needs, 'nothing') AS needs,
              coalesce(t.state, 'wanted') = 'unwanted'
                OR cardinality(t.channels) > 0 AND NOT d.channel = ANY(t.channels) AS unasked
         FROM unnest(:ids::bigint[], :leases::integer[]) AS given(id, lease)
         JOIN delivery d ON d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.lease = given.lease
         JOIN source s ON s.id = d.source_id AND s.state = 'running'
         LEFT JOIN person ON person.bucket = d.bucket AND person.profile_id = d.profile_id
         LEFT JOIN known_topic t ON t.name = s.topic
        WHERE d.state = 'queued' AND (d.leave_by IS NULL OR d.leave_by > :now::timestamptz)),
     said AS MATERIALIZED (
       SELECT given.bucket, given.id,
              min(here.rank) FILTER (WHERE here.wish = 'wanted') AS wanted,
              min(here.rank) FILTER (WHERE here.wish = 'unwanted') AS unwanted,
              min(here.rank) FILTER (WHERE here.wish = 'wanted' AND p.basis = 'consent'
                                       AND (p.confirmed OR given.needs = 'consent')) AS consent,
              min(here.rank) FILTER (WHERE p.paused_until > :now::timestamptz) AS paused,
              min(here.rank) FILTER (WHERE p.paused_until = '1970-01-01T00:00Z') AS resumed,
              bool_or(p.topic <> '*' AND p.state = 'wanted' AND here.counts) AS elsewhere
         FROM given
         JOIN known_preference p
           ON p.bucket = (given.person & 255)::smallint AND p.profile_id = given.person
          AND p.topic IN (given.topic, '*')
        CROSS JOIN LATERAL (
              SELECT p.expires_at IS NULL OR p.expires_at > :now::timestamptz AS counts,
                     p.channel IN (given.channel, '*') AND coalesce(p.address, given.address) = given.address AS covers
              ) AS row
        CROSS JOIN LATERAL (
              SELECT row.counts,
                     CASE WHEN row.covers
                          THEN (p.topic = '*')::integer * 4 + (p.channel = '*')::integer * 2
                               + (p.address IS NULL)::integer END AS rank,
                     CASE WHEN row.covers AND row.counts THEN p.state END AS wish) AS here
        GROUP BY given.bucket, given.id),
     allowed AS MATERIALIZED (
       SELECT given.bucket, given.id, given.lease
         FROM given
         LEFT JOIN said ON said.bucket = given.bucket AND said.id = given.id
        WHERE (given.critical
               OR (CASE WHEN said.wanted IS NOT NULL OR said.unwanted IS NOT NULL
                        THEN coalesce(said.wanted, 9) < coalesce(said.unwanted, 9)
                        ELSE NOT coalesce(said.elsewhere, false) AND NOT coalesce(given.unasked, false) END
                   AND (given.needs = 'nothing' OR coalesce(said.consent < coalesce(said.unwanted, 9), false))
                   AND NOT coalesce(said.paused < coalesce(said.resumed, 9), false)))
          AND NOT EXISTS (SELECT FROM known_opt_out o  -- reads across buckets: an opt-out lies in its address's own
                           WHERE o.channel = given.channel AND o.value = given.address
                             AND CASE o.scope WHEN 'marketing' THEN given.purpose = 'campaign'
                                              ELSE given.kind <> 'system' END)
          AND EXISTS (SELECT FROM known_address a
                       WHERE a.bucket = (given.person & 255)::smallint AND a.profile_id = given.person
                         AND a.channel = given.channel AND a.value = given.address AND a.state <> 'dead')
          AND NOT EXISTS (SELECT FROM known_moving m WHERE m.profile_id = given.person))
UPDATE delivery d
   SET state = 'sending', attempts = d.attempts + 1, lease = d.lease + 1,
       lease_until = clock_timestamp() + :lease_for::interval
  FROM allowed
 WHERE d.bucket = allowed.bucket AND d.id = allowed.id AND d.lease = allowed.lease AND d.state = 'queued'
RETURNING d.id, d.lease, d.provider_id;
