-- name: share_of_profiles
-- How much of the table a sample of about so many pages is, in percent.
SELECT least(100, 100.0 * :pages::integer / greatest(1, pg_relation_size('profile') / 8192))::real;

-- name: share_of_events
-- The same over all partitions of the events.
SELECT least(100, 100.0 * :pages::integer / greatest(1, sum(pg_relation_size(relid)) / 8192))::real
  FROM pg_partition_tree('event');

-- name: share_of_sums
-- The same over all partitions of the sums of events.
SELECT least(100, 100.0 * :pages::integer / greatest(1, sum(pg_relation_size(relid)) / 8192))::real
  FROM pg_partition_tree('event_sum');

-- name: sample_traits
-- Of a sample of profiles, across buckets: how often each trait has a value of each kind, its most frequent short
-- values, and some of its objects. A value of a profile is a person's: so `n` counts people.
WITH sampled AS MATERIALIZED (
       SELECT traits FROM profile TABLESAMPLE SYSTEM (:percent) LIMIT :most),
     each AS MATERIALIZED (
       SELECT key AS name, value,
              CASE WHEN jsonb_typeof(value) = 'string' AND value #>> '{}' ~ :instant THEN 'date'
                   WHEN jsonb_typeof(value) = 'string' THEN 'text'
                   WHEN jsonb_typeof(value) = 'array' THEN 'list'
                   ELSE jsonb_typeof(value) END AS kind
         FROM sampled, jsonb_each(traits)
        WHERE jsonb_typeof(value) <> 'null'),
     kinds AS (
       SELECT name, kind, count(*) AS n FROM each GROUP BY name, kind),
     shared AS (
       SELECT name, value, count(*) AS n, row_number() OVER (PARTITION BY name ORDER BY count(*) DESC, value) AS place,
              sum(count(*)) OVER (PARTITION BY name) AS of_shared
         FROM each
        WHERE kind IN ('text', 'number', 'boolean', 'date') AND length(value #>> '{}') <= :chars
        GROUP BY name, value
       HAVING count(*) >= :people),
     objects AS (
       SELECT name, value, row_number() OVER (PARTITION BY name) AS place
         FROM each
        WHERE kind = 'object' AND pg_column_size(value) < 8000)
SELECT (SELECT count(*) FROM sampled) AS people, k.name, jsonb_object_agg(k.kind, k.n) AS kinds,
       (SELECT jsonb_agg(jsonb_build_array(s.value, s.n) ORDER BY s.place)
          FROM shared s WHERE s.name = k.name AND s.place <= 50) AS shared,
       (SELECT max(s.of_shared) FROM shared s WHERE s.name = k.name) AS of_shared,
       (SELECT jsonb_agg(o.value) FROM objects o WHERE o.name = k.name AND o.place <= 50) AS objects
  FROM kinds k
 GROUP BY k.name
 ORDER BY sum(k.n) DESC, k.name
 LIMIT :names;

-- name: sample_properties
-- The same of the properties of a sample of events, by the event's number: `n` counts people, each once a value.
WITH sampled AS MATERIALIZED (
       SELECT profile_id, name_id, properties FROM event TABLESAMPLE SYSTEM (:percent)  -- across buckets: a sample
        LIMIT :most),
     rare AS MATERIALIZED (
       SELECT e.profile_id, e.name_id, e.properties
         FROM unnest(:rare::integer[]) AS g (name_id)
        CROSS JOIN LATERAL (SELECT * FROM event WHERE event.name_id = g.name_id LIMIT :each_rare) AS e
        WHERE g.name_id NOT IN (SELECT name_id FROM sampled)),
     events AS MATERIALIZED (
       SELECT * FROM sampled UNION ALL SELECT * FROM rare),
     totals AS (
       SELECT name_id, count(*) AS n FROM events GROUP BY name_id),
     each AS MATERIALIZED (
       SELECT name_id, profile_id, key AS name, value,
              CASE WHEN jsonb_typeof(value) = 'string' AND value #>> '{}' ~ :instant THEN 'date'
                   WHEN jsonb_typeof(value) = 'string' THEN 'text'
                   WHEN jsonb_typeof(value) = 'array' THEN 'list'
                   ELSE jsonb_typeof(value) END AS kind
         FROM events, jsonb_each(properties)
        WHERE jsonb_typeof(value) <> 'null'),
     kinds AS (
       SELECT name_id, name, kind, count(*) AS n FROM each GROUP BY name_id, name, kind),
     shared AS (
       SELECT name_id, name, value, count(*) AS n,
              row_number() OVER (PARTITION BY name_id, name ORDER BY count(*) DESC, value) AS place,
              sum(count(*)) OVER (PARTITION BY name_id, name) AS of_shared
         FROM each
        WHERE kind IN ('text', 'number', 'boolean', 'date') AND length(value #>> '{}') <= :chars
        GROUP BY name_id, name, value
       HAVING count(DISTINCT profile_id) >= :people),
     objects AS (
       SELECT name_id, name, value, row_number() OVER (PARTITION BY name_id, name) AS place
         FROM each
        WHERE kind = 'object' AND pg_column_size(value) < 8000)
SELECT k.name_id, max(t.n) AS people, k.name, jsonb_object_agg(k.kind, k.n) AS kinds,
       (SELECT jsonb_agg(jsonb_build_array(s.value, s.n) ORDER BY s.place)
          FROM shared s WHERE s.name_id = k.name_id AND s.name = k.name AND s.place <= 50) AS shared,
       (SELECT max(s.of_shared) FROM shared s WHERE s.name_id = k.name_id AND s.name = k.name) AS of_shared,
       (SELECT jsonb_agg(o.value)
          FROM objects o WHERE o.name_id = k.name_id AND o.name = k.name AND o.place <= 50) AS objects
  FROM kinds k
  JOIN totals t USING (name_id)
 GROUP BY k.name_id, k.name
 ORDER BY k.name_id, sum(k.n) DESC, k.name
 LIMIT :names;

-- name: sample_sums
-- How often each kind of event happened and when last, from a share of its sums, across buckets.
SELECT event_name.id, event_name.name, sampled.count, sampled.last_at
  FROM (SELECT name_id, sum(count) AS count, max(last_at) AS last_at
          FROM event_sum TABLESAMPLE SYSTEM (:percent)  -- across buckets: a sample
         GROUP BY name_id
         ORDER BY 2 DESC
         LIMIT :names) AS sampled
  JOIN event_name ON event_name.id = sampled.name_id;

-- name: sum_rare_events
-- The same exactly for kinds that the sample overlooked, as far as a bounded look goes.
SELECT event_name.id, event_name.name, sums.count, sums.last_at
  FROM (SELECT id, name FROM event_name WHERE id <> ALL (:known::integer[]) ORDER BY id LIMIT :names) AS event_name
 CROSS JOIN LATERAL (SELECT sum(count) AS count, max(last_at) AS last_at
                       FROM (SELECT count, last_at
                               FROM event_sum  -- across buckets: the kind's partition
                              WHERE event_sum.name_id = event_name.id
                              LIMIT 1000) AS some_sums) AS sums
 WHERE sums.count IS NOT NULL;

-- name: read_trait_changes
-- What one trait of a profile was before each change, newest first.
SELECT at, source, before -> :name::text AS before
  FROM trait_change
 WHERE bucket = :bucket
   AND profile_id = :profile
   AND before ? :name
 ORDER BY at DESC, ctid DESC
 LIMIT :limit;
