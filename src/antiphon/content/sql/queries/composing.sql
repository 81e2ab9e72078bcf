-- name: sample_account_traits
-- Which traits accounts have, across buckets, of so many of them: for a picker.
WITH sampled AS MATERIALIZED (
       SELECT traits FROM known_account LIMIT :most)
SELECT trait.key AS name, array_agg(DISTINCT jsonb_typeof(trait.value)) AS types,
       count(*) / (SELECT count(*) FROM sampled)::double precision AS share
  FROM sampled, jsonb_each(sampled.traits) AS trait
 GROUP BY trait.key
 ORDER BY count(*) DESC, trait.key
 LIMIT :names;
