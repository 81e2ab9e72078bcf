-- name: learn_of_addresses
-- What deliveries taught us, a row per address; a number that leads elsewhere is followed. Answers whose state
-- changed, or the share that is read on a phone: of the address, or of it beside the person's others.
WITH given AS (
       SELECT COALESCE(alias.profile_id, told.profile_id) AS profile_id, told.channel, told.value,
              bool_or(told.arrived) AS arrived, bool_or(told.permanent) AS permanent,
              sum(told.failures)::integer AS failures,
              sum(told.on_mobile)::integer AS on_mobile, sum(told.on_other)::integer AS on_other
         FROM unnest(:profiles::bigint[], :channels::text[], :values::text[], :arrived::boolean[],
                     :permanent::boolean[], :failures::integer[], :on_mobile::integer[], :on_other::integer[])
              AS told(profile_id, channel, value, arrived, permanent, failures, on_mobile, on_other)
         LEFT JOIN alias
           ON alias.bucket = (told.profile_id & 255)::smallint AND alias.id = told.profile_id
        GROUP BY 1, 2, 3),
     locked AS MATERIALIZED (
       SELECT address.bucket, address.profile_id, address.channel, address.value, address.state AS before,
              CASE WHEN given.permanent OR address.state = 'dead' THEN 'dead'
                   WHEN given.arrived THEN 'active'
                   WHEN given.failures = 0 THEN address.state
                   WHEN address.state = 'soft'
                    AND address.failures + given.failures >= :failures_max
                    AND address.changed_at <= :patience THEN 'dead'
                   ELSE 'soft' END AS after,
              given.arrived, given.permanent, given.failures, given.on_mobile, given.on_other,
              given.on_mobile + given.on_other > 0
              AND (address.on_mobile + address.on_other = 0
                   OR EXISTS (SELECT FROM address other
                               WHERE other.bucket = address.bucket AND other.profile_id = address.profile_id
                                 AND other.on_mobile::bigint * (given.on_mobile + given.on_other)
                                     <> given.on_mobile::bigint * (other.on_mobile + other.on_other))) AS shifted
         FROM given
         JOIN address
           ON address.bucket = (given.profile_id & 255)::smallint
          AND address.profile_id = given.profile_id
          AND address.channel = given.channel
          AND address.value = given.value
        WHERE given.permanent
           OR given.failures + given.on_mobile + given.on_other > 0
           OR address.state IN ('unknown', 'soft')
           OR address.failures > 0
           OR address.succeeded_at IS NULL
           OR address.succeeded_at < :today  -- an address is not written anew for each delivery of a day
        ORDER BY address.bucket, address.profile_id, address.channel, address.value
          FOR NO KEY UPDATE OF address)
UPDATE address
   SET state = locked.after,
       changed_at = CASE WHEN locked.after = address.state THEN address.changed_at ELSE :now END,
       succeeded_at = CASE WHEN locked.arrived THEN GREATEST(address.succeeded_at, :today) ELSE address.succeeded_at END,
       failed_at = CASE WHEN locked.permanent OR locked.failures > 0 THEN :now ELSE address.failed_at END,
       failures = CASE WHEN locked.arrived THEN 0 ELSE LEAST(address.failures + locked.failures, 30000) END,
       on_mobile = address.on_mobile + locked.on_mobile,
       on_other = address.on_other + locked.on_other
  FROM locked
 WHERE address.bucket = locked.bucket
   AND address.profile_id = locked.profile_id
   AND address.channel = locked.channel
   AND address.value = locked.value
RETURNING address.profile_id, address.channel, address.state <> locked.before OR locked.shifted AS changed;
