CREATE OR REPLACE VIEW segment_member AS SELECT bucket, segment_id, profile_id, entered_at FROM member;

-- Looks into one profile's raw events, for the few whose rollup has an event after the instant in question: how many in
-- (since, until], the earliest and the latest. Functions and not subqueries, because the planner would charge a look for
-- every row and give up parallel scans for looks that it almost never takes.
CREATE OR REPLACE FUNCTION count_events(b smallint, p bigint, n integer, since timestamptz, until timestamptz)
RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE COST 1 AS $$
  SELECT count(*) FROM known_event e
   WHERE e.bucket = b AND e.name_id = n AND e.profile_id = p AND e.at > since AND e.at <= until
$$;
CREATE OR REPLACE FUNCTION first_event(b smallint, p bigint, n integer, since timestamptz, until timestamptz)
RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE COST 1 AS $$
  SELECT min(e.at) FROM known_event e
   WHERE e.bucket = b AND e.name_id = n AND e.profile_id = p AND e.at > since AND e.at <= until
$$;
CREATE OR REPLACE FUNCTION last_event(b smallint, p bigint, n integer, since timestamptz, until timestamptz)
RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE COST 1 AS $$
  SELECT max(e.at) FROM known_event e
   WHERE e.bucket = b AND e.name_id = n AND e.profile_id = p AND e.at > since AND e.at <= until
$$;
