-- name: export_profile
-- Who they are, by number: the person first, then numbers that turned out to be theirs.
SELECT p.id::text AS number, p.created_at, p.traits, NULL::timestamptz AS merged_at, NULL::jsonb AS because
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN profile p ON p.bucket = (given.id & 255)::smallint AND p.id = given.id
 UNION ALL
SELECT a.id::text, a.created_at, NULL, a.merged_at, a.because
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN alias a ON a.bucket = (given.id & 255)::smallint AND a.id = given.id;

-- name: export_identifiers
-- What names them, and who said so. Reads across buckets: the directory by profile.
SELECT kind, value, source, first_at, seen_at, verified_at, shared
  FROM identifier
 WHERE profile_id = ANY(:ids::bigint[])
 ORDER BY kind, value;

-- name: export_links
-- Which of their names somebody used together, and when. `one` and `other` in words.
SELECT one.kind || ':' || one.value AS one, other.kind || ':' || other.value AS other, link.source, link.first_at,
       link.last_at
  FROM link  -- across buckets: by both ends
  JOIN identifier one ON one.id = link.one
  JOIN identifier other ON other.id = link.other
 WHERE link.one = ANY(:identifiers::bigint[]) OR link.other = ANY(:identifiers::bigint[])
 ORDER BY link.first_at, 1, 2;

-- name: export_verdicts
-- What somebody decided about which names are one customer.
SELECT one.kind || ':' || one.value AS one, other.kind || ':' || other.value AS other, v.same, v.at, v.by
  FROM verdict v  -- across buckets: by both ends
  JOIN identifier one ON one.id = v.one
  JOIN identifier other ON other.id = v.other
 WHERE v.one = ANY(:identifiers::bigint[]) OR v.other = ANY(:identifiers::bigint[])
 ORDER BY v.at, 1, 2;

-- name: export_told
-- What was said about each of their names: the newest value of each trait.
SELECT coalesce(i.kind || ':' || i.value, '') AS who, trait.key AS trait, trait.value -> 1 AS value,
       to_timestamp((trait.value ->> 0)::bigint / 1000000) AS at
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN told t ON t.bucket = (given.id & 255)::smallint AND t.profile_id = given.id
  CROSS JOIN LATERAL jsonb_each(t.traits) trait
  LEFT JOIN identifier i ON i.id = t.who
 ORDER BY 1, 2;

-- name: export_trait_changes
-- What their traits were before, the oldest first.
SELECT c.at, c.source, c.before
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN trait_change c ON c.bucket = (given.id & 255)::smallint AND c.profile_id = given.id
 ORDER BY c.at;

-- name: export_belongings
-- What they belong to.
SELECT b.account, min(b.since) AS since
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN belonging b ON b.bucket = (given.id & 255)::smallint AND b.profile_id = given.id
 GROUP BY 1
 ORDER BY 1;

-- name: export_addresses
-- Where they can be reached, and what the world taught us about it.
SELECT a.channel, a.value, a.state, a.details, a.changed_at, a.succeeded_at, a.failed_at, a.failures, a.on_mobile,
       a.on_other
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN address a ON a.bucket = (given.id & 255)::smallint AND a.profile_id = given.id
 ORDER BY a.channel, a.value;

-- name: export_opt_outs
-- What they said about their addresses. The directory has buckets of its own: it is asked by address.
SELECT channel, value, at, how, scope
  FROM opt_out
 WHERE channel = ANY(:channels::text[]) AND value = ANY(:values::text[])
 ORDER BY at, channel, value;

-- name: export_preferences
-- What they want now.
SELECT p.topic, p.channel, p.state, nullif(p.address, '') AS address, p.basis, p.confirmed, p.expires_at,
       p.paused_until, p.limit_count, p.limit_s, p.changed_at
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN preference p ON p.bucket = (given.id & 255)::smallint AND p.profile_id = given.id
 ORDER BY p.topic, p.channel;

-- name: export_consents
-- All that they said about being written to, with its proof, the oldest first.
SELECT c.at, c.recorded_at, c.topic, c.channel, c.address, c.scope, c.state, c.until, c.expires_at, c.limit_count,
       c.limit_s, c.basis, c.method, c.source, c.wording, c.wording_version, c.language, c.ip, c.user_agent, c.asked_at,
       c.confirmed_at
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN consent c ON c.bucket = (given.id & 255)::smallint AND c.profile_id = given.id
 ORDER BY c.at, c.id;

-- name: export_events
-- All that happened, the oldest first.
SELECT e.at, n.name AS event, e.received_at, e.properties
  FROM event e
  JOIN event_name n ON n.id = e.name_id
 WHERE e.bucket = :bucket AND e.profile_id = :profile
 ORDER BY e.at;

-- name: export_refused
-- What was refused and names them. There are ten thousand at most.
SELECT r.at, r.source, r.flaws, r.excerpt
  FROM refused_event r
 WHERE (SELECT bool_or(strpos(lower(r.excerpt || r.flaws::text), lower(part)) > 0) FROM unnest(:parts::text[]) part)
    OR (SELECT bool_or((r.excerpt || r.flaws::text) ~ word) FROM unnest(:words::text[]) word)
    OR (SELECT bool_or(strpos(regexp_replace(r.excerpt || r.flaws::text, '[^0-9]', '', 'g'), digits) > 0)
          FROM unnest(:digits::text[]) digits)
 ORDER BY r.id;
