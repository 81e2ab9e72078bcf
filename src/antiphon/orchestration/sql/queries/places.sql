-- name: read_traces
-- Where these people live, as far as they or their devices said. Phone numbers are read with the addresses.
SELECT p.id, left(p.traits ->> 'timezone', 100) AS timezone, left(p.traits ->> 'device_timezone', 100) AS device_timezone,
       left(coalesce(p.traits ->> 'country', p.traits #>> '{address,country}'), 100) AS country,
       left(coalesce(p.traits ->> 'state', p.traits ->> 'region', p.traits #>> '{address,state}'), 100) AS state,
       left(p.traits ->> 'quiet_hours', 100) AS quiet_hours
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN known_profile p
    ON p.bucket = (given.profile_id & 255)::smallint AND p.id = given.profile_id;
