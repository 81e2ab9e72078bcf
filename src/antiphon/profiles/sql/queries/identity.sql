-- name: follow_aliases
-- Whom those of these numbers that were merged lead to.
SELECT alias.id, alias.profile_id
  FROM alias
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON alias.bucket = (given.id & 255)::smallint AND alias.id = given.id;
