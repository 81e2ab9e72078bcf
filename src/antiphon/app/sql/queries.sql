-- name: read_intake
-- People, and events taken in since the statistics began: from PostgreSQL's own statistics, whatever the size.
-- Both may lag by a second; a crash sets the second back to 0.
SELECT coalesce((SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'profile'), 0)::bigint AS people,
       coalesce((SELECT sum(n_tup_ins) FROM pg_stat_user_tables
                  WHERE relname LIKE 'event\_%' AND relname <> 'event_name' AND relname NOT LIKE 'event\_sum%'), 0)::bigint AS events;

-- name: count_members
-- How many are in each of these segments, counted no further than a limit; the index of a segment spans buckets.
SELECT given.id, (SELECT count(*) FROM (SELECT FROM segment_member m WHERE m.segment_id = given.id LIMIT :most) counted) AS n
  FROM unnest(:segments::integer[]) AS given(id);

-- name: read_segments_of
-- Which of these segments a person is in, since when.
SELECT m.segment_id, m.entered_at
  FROM segment_member m
 WHERE m.bucket = :bucket AND m.segment_id = ANY(:segments::integer[]) AND m.profile_id = :profile;
