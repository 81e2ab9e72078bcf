-- name: moves_of_person
-- Entries and exits of somebody, whatever number it was noted of, the newest first. By a merge nobody entered or left.
SELECT c.at, c.entered, c.cause, c.leaf
  FROM (SELECT (:profile::bigint & 255)::smallint AS bucket, :profile::bigint AS id
         UNION ALL
        SELECT a.bucket, a.id FROM known_alias a WHERE a.profile_id = :profile) AS w
  JOIN segment_change c ON c.bucket = w.bucket AND c.profile_id = w.id
 WHERE c.segment_id = :segment_id AND c.cause <> 'merge'
 ORDER BY c.at DESC, c.entered DESC
 LIMIT :limit OFFSET :skip;

-- name: size_now
-- How many are in, and how many entered and left since the day began.
SELECT coalesce(sum(entered - left_count + came), 0)::bigint AS size,
       coalesce(sum(entered) FILTER (WHERE at >= date_trunc('day', :now::timestamptz, :zone)), 0)::bigint AS entered,
       coalesce(sum(left_count) FILTER (WHERE at >= date_trunc('day', :now::timestamptz, :zone)), 0)::bigint AS "left"
  FROM segment_tally
 WHERE segment_id = :segment_id;

-- name: sizes_now
-- How many are in each of these.
SELECT segment_id, sum(entered - left_count + came)::bigint AS size
  FROM segment_tally
 WHERE segment_id = ANY(:segments::integer[])
 GROUP BY segment_id;

-- name: sizes
-- How many were in at the end of each hour or day, and how many entered and left in it.
WITH point AS (
       SELECT generate_series(date_trunc(:step, :begin::timestamptz, :zone), :end::timestamptz - interval '1 microsecond',
                              ('1 ' || :step)::interval, :zone) AS at),
     moved AS (
       SELECT date_trunc(:step, t.at, :zone) AS at, sum(t.entered) AS entered, sum(t.left_count) AS left_count,
              sum(t.entered - t.left_count + t.came) AS net
         FROM segment_tally t
        WHERE t.segment_id = :segment_id AND t.at >= date_trunc(:step, :begin::timestamptz, :zone) AND t.at < :end
        GROUP BY 1),
     before AS (
       SELECT coalesce(sum(t.entered - t.left_count + t.came), 0) AS size
         FROM segment_tally t
        WHERE t.segment_id = :segment_id AND t.at < date_trunc(:step, :begin::timestamptz, :zone))
SELECT point.at, (before.size + coalesce(sum(moved.net) OVER (ORDER BY point.at), 0))::bigint AS size,
       coalesce(moved.entered, 0)::bigint AS entered, coalesce(moved.left_count, 0)::bigint AS left_count
  FROM point
 CROSS JOIN before
  LEFT JOIN moved ON moved.at = point.at
 ORDER BY point.at;

-- name: sizes_of_all
-- How many were in each segment at the end of each day since `begin`, and how many entered and left on the last of them.
WITH point AS (
       SELECT generate_series(date_trunc('day', :begin::timestamptz, :zone), :now::timestamptz, interval '1 day',
                              :zone) AS at),
     moved AS (
       SELECT t.segment_id, greatest(date_trunc('day', t.at, :zone), date_trunc('day', :begin::timestamptz, :zone)) AS at,
              sum(t.entered) AS entered, sum(t.left_count) AS left_count,
              sum(t.entered - t.left_count + t.came) AS net
         FROM segment_tally t
        WHERE t.at <= :now
        GROUP BY 1, 2),
     day AS (
       SELECT s.id AS segment_id, point.at, moved.entered, moved.left_count,
              coalesce(sum(moved.net) OVER (PARTITION BY s.id ORDER BY point.at), 0)::bigint AS size
         FROM segment s
        CROSS JOIN point
         LEFT JOIN moved ON moved.segment_id = s.id AND moved.at = point.at)
SELECT segment_id, array_agg(size ORDER BY at) AS sizes,
       coalesce(sum(entered) FILTER (WHERE at = date_trunc('day', :now::timestamptz, :zone)), 0)::bigint AS entered,
       coalesce(sum(left_count) FILTER (WHERE at = date_trunc('day', :now::timestamptz, :zone)), 0)::bigint AS left_count
  FROM day
 GROUP BY segment_id;

-- name: fold_tallies
-- One row an hour (or day) of each segment, of what is older. Who folds at the same time folds only what is left to them.
WITH many AS (
       SELECT segment_id, date_trunc(:step, at, :zone) AS begins
         FROM segment_tally
        WHERE at < date_trunc(:step, :before::timestamptz, :zone)
        GROUP BY 1, 2
       HAVING count(*) > 1),
     gone AS (
       DELETE FROM segment_tally t
        USING many
        WHERE t.segment_id = many.segment_id AND t.at >= many.begins
          AND t.at < many.begins + ('1 ' || :step)::interval + interval '2 hours'  -- a day may have 25 hours
          AND date_trunc(:step, t.at, :zone) = many.begins
       RETURNING t.segment_id, many.begins, t.entered, t.left_count, t.came)
INSERT INTO segment_tally (segment_id, at, entered, left_count, came)
SELECT segment_id, begins, sum(entered), sum(left_count), sum(came)
  FROM gone
 GROUP BY segment_id, begins;

-- name: underway
-- What changes members without a due row of theirs: crowds that are walked, versions that are built.
SELECT (SELECT count(*) FROM crowd_due WHERE due_at <= :now) AS crowds,  -- across buckets: by the due index
       EXISTS (SELECT FROM segment_version
                WHERE segment_id = :segment_id AND (state = 'building' OR (state = 'live' AND phase <> ''))) AS building;

-- name: tally_markers
-- What changes whenever somebody comes to a segment or goes.
SELECT segment_id, max(at) AS newest, count(*) AS n FROM segment_tally GROUP BY segment_id;

-- name: member_numbers
-- The numbers that the members' ids were made of; the index of the segment spans buckets.
SELECT coalesce(array_agg((profile_id >> 8)::integer), '{}') FROM member WHERE segment_id = :segment_id;
