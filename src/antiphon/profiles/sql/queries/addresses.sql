-- name: mark_addresses_dead
-- The world says that nobody is there; answers those that were active.
WITH locked AS MATERIALIZED (
       SELECT address.bucket, address.profile_id, address.channel, address.value
         FROM address
         JOIN unnest(:profiles::bigint[], :channels::text[], :values::text[]) AS given(profile_id, channel, value)
           ON address.bucket = (given.profile_id & 255)::smallint
          AND address.profile_id = given.profile_id
          AND address.channel = given.channel
          AND address.value = given.value
        WHERE address.state = 'active'
        ORDER BY address.bucket, address.profile_id, address.channel, address.value
          FOR NO KEY UPDATE OF address)
UPDATE address
   SET state = 'dead', changed_at = :now
  FROM locked
 WHERE address.bucket = locked.bucket
   AND address.profile_id = locked.profile_id
   AND address.channel = locked.channel
   AND address.value = locked.value
RETURNING address.profile_id, address.channel;
