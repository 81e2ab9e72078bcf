-- name: note_hours
-- One answer of each, none named twice, at an hour of theirs; and the sums over everybody. Where a byte is full, at 255,
-- all of that person's are halved instead. `excluded` has the hour as its only byte that is not zero.
WITH given AS (
       SELECT * FROM unnest(:profiles::bigint[], :ats::timestamptz[], :hours::smallint[]) AS given(profile_id, at, hour)),
     noted AS (
       INSERT INTO active_hour AS h (bucket, profile_id, hours, last_at)
       SELECT (profile_id & 255)::smallint, profile_id,
              set_byte(decode(repeat('00', 24), 'hex'), hour, 1), at
         FROM given
        ORDER BY 1, 2
           ON CONFLICT (bucket, profile_id)
           DO UPDATE SET last_at = greatest(h.last_at, excluded.last_at), hours = (
              SELECT CASE WHEN get_byte(h.hours, hour) < 255
                          THEN set_byte(h.hours, hour, get_byte(h.hours, hour) + 1)
                          ELSE (SELECT string_agg(set_byte('\x00', 0, get_byte(h.hours, one) / 2), '' ORDER BY one)
                                  FROM generate_series(0, 23) AS one) END
                FROM (SELECT position('\x01'::bytea IN excluded.hours) - 1 AS hour) AS said))
INSERT INTO hour_part (hour, n) SELECT hour, count(*) FROM given GROUP BY hour;

-- name: insert_empty_hours
-- A place for hours that an alias brings along: 24 zeros.
INSERT INTO active_hour (bucket, profile_id, hours, last_at)
SELECT (given.profile_id & 255)::smallint, given.profile_id, decode(repeat('00', 24), 'hex'), '-infinity'
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
 ORDER BY 1, 2
    ON CONFLICT DO NOTHING;

-- name: lock_hours
-- The hours of these people, in the order in which everybody locks them.
SELECT h.profile_id, h.hours, h.last_at
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN active_hour h ON h.bucket = (given.profile_id & 255)::smallint AND h.profile_id = given.profile_id
 ORDER BY h.bucket, h.profile_id
   FOR UPDATE OF h;

-- name: write_hours
-- Hours that are locked, and when each last answered.
UPDATE active_hour h
   SET hours = given.hours, last_at = given.last_at
  FROM unnest(:profiles::bigint[], :hours::bytea[], :last_ats::timestamptz[]) AS given(profile_id, hours, last_at)
 WHERE h.bucket = (given.profile_id & 255)::smallint AND h.profile_id = given.profile_id;

-- name: delete_hours
-- These people answered at no hour.
DELETE FROM active_hour h
 USING unnest(:profiles::bigint[]) AS given(profile_id)
 WHERE h.bucket = (given.profile_id & 255)::smallint AND h.profile_id = given.profile_id;

-- name: read_hours
-- The hours of these people.
SELECT h.profile_id, h.hours
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN active_hour h ON h.bucket = (given.profile_id & 255)::smallint AND h.profile_id = given.profile_id;

-- name: insert_hour_parts
-- Answers of one transaction by local hour.
INSERT INTO hour_part (hour, n) SELECT * FROM unnest(:hours::smallint[], :ns::integer[]);

-- name: fold_hours
-- Parts into sums.
WITH taken AS (DELETE FROM hour_part WHERE ctid = ANY(array(SELECT ctid FROM hour_part LIMIT 20000)) RETURNING *)
INSERT INTO hour_total AS t (hour, n)
SELECT hour, sum(n) FROM taken
 GROUP BY hour
 ORDER BY hour
    ON CONFLICT (hour) DO UPDATE SET n = t.n + excluded.n;

-- name: read_hour_totals
-- Answers of everybody by local hour.
SELECT hour, n FROM hour_total;

-- name: export_hours
-- At which hours of their day a person answered: how often, from midnight on.
SELECT array(SELECT get_byte(h.hours, hour) FROM generate_series(0, 23) AS hour ORDER BY hour) AS hours, h.last_at
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN active_hour h ON h.bucket = (given.profile_id & 255)::smallint AND h.profile_id = given.profile_id
 ORDER BY h.profile_id;
