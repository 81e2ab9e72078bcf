-- name: bound_question
-- How long the questions of this transaction may take, how much memory each step may use, and that each is planned for
-- the values it has: the next rule of the same form is about other people.
SELECT set_config('statement_timeout', :timeout, true), set_config('work_mem', '64MB', true),
       set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: people_of_buckets
-- Everybody in some buckets: a fair sample of all.
SELECT id FROM known_profile WHERE bucket = ANY (:buckets::smallint[]);

-- name: sample_people
-- What some people are called.
SELECT p.id,
       (SELECT min(i.value) FROM known_identifier i WHERE i.profile_id = p.id AND i.kind = 'external_id') AS external_id,
       nullif(trim(concat_ws(' ', p.traits ->> 'first_name', p.traits ->> 'last_name')), '') AS name
  FROM unnest(:buckets::smallint[], :ids::bigint[]) AS g (bucket, id)
  JOIN known_profile p ON p.bucket = g.bucket AND p.id = g.id;

-- name: channels_in_use
-- On which of these channels anybody has an address; by the index of values, across buckets.
SELECT g.channel
  FROM unnest(:channels::text[]) AS g (channel)
 WHERE EXISTS (SELECT FROM known_address a WHERE a.channel = g.channel);

-- name: topics_set_up
-- The topics there are, the first by name.
SELECT name FROM known_topic ORDER BY name LIMIT :limit;

-- name: events_that_happened
-- Of which of these kinds any event is kept.
SELECT g.id
  FROM unnest(:ids::integer[]) AS g (id)
 WHERE EXISTS (SELECT FROM known_event e WHERE e.name_id = g.id);  -- across buckets: by the index of names

-- name: traits_of_sample
-- Which of these traits anybody of some buckets has, and how many people that is.
SELECT count(*) AS people,
       (SELECT array_agg(g.name) FROM unnest(:names::text[]) AS g (name)
         WHERE NOT EXISTS (SELECT FROM known_profile p
                            WHERE p.bucket = ANY (:buckets::smallint[]) AND p.traits ? g.name)) AS missing
  FROM known_profile
 WHERE bucket = ANY (:buckets::smallint[]);
