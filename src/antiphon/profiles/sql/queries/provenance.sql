-- name: sources_of_traits
-- Who changed each trait of a profile last, as far as its latest thousand changes tell.
SELECT DISTINCT ON (name) name, source, at
  FROM (SELECT at, source, before
          FROM trait_change
         WHERE bucket = :bucket
           AND profile_id = :profile
         ORDER BY at DESC
         LIMIT 1000) AS latest
 CROSS JOIN LATERAL jsonb_object_keys(before) AS name
 ORDER BY name, at DESC;
