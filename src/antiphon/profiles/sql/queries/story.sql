-- name: read_events_but
-- The timeline without events of some kinds, latest first. The order is total but for equal rows, as in read_events.
SELECT event.at, event.name_id, event.received_at, event.properties
  FROM event
 WHERE event.bucket = :bucket
   AND event.profile_id = :profile
   AND event.at <= :upto
   AND event.name_id <> ALL(:but::integer[])
 ORDER BY event.at DESC, event.received_at DESC, event.name_id, event.properties
 LIMIT :limit
OFFSET :skip;

-- name: read_events_of
-- The timeline of some kinds alone: a look by index for each kind, so that much else costs nothing.
SELECT found.at, found.name_id, found.received_at, found.properties
  FROM unnest(:names::integer[]) AS given(name_id)
 CROSS JOIN LATERAL (SELECT event.at, event.name_id, event.received_at, event.properties
                       FROM event
                      WHERE event.bucket = :bucket
                        AND event.name_id = given.name_id
                        AND event.profile_id = :profile
                        AND event.at <= :upto
                      ORDER BY event.at DESC, event.received_at DESC, event.properties
                      LIMIT :limit::integer + :skip::integer) AS found
 ORDER BY found.at DESC, found.received_at DESC, found.name_id, found.properties
 LIMIT :limit
OFFSET :skip;

-- name: names_of_events
-- What kinds of events are called.
SELECT id, name FROM event_name WHERE id = ANY(:ids::integer[]);

-- name: sum_latest_events
-- Of somebody's latest events: how many of each kind, the first and the last.
SELECT latest.name_id, count(*) AS count, min(latest.at) AS first_at, max(latest.at) AS last_at
  FROM (SELECT event.name_id, event.at
          FROM event
         WHERE event.bucket = :bucket
           AND event.profile_id = :profile
           AND event.at <= :now
         ORDER BY event.at DESC
         LIMIT :limit) AS latest
 GROUP BY latest.name_id
 ORDER BY count DESC, latest.name_id;


-- name: places_of
-- Where somebody can be reached, or could.
SELECT channel, value FROM address WHERE bucket = :bucket AND profile_id = :profile;
