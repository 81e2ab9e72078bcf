-- name: read_names
-- Of these people, what their names are made of.
SELECT profile.id,
       (SELECT jsonb_object_agg(key, profile.traits -> key)
          FROM unnest(:keys::text[]) AS wanted(key)
         WHERE profile.traits ? key) AS traits
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id;
