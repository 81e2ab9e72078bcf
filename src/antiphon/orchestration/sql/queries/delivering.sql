-- name: read_for_render
-- What rendering needs to know of deliveries: for whom, what, which variant.
SELECT d.id, d.profile_id, d.source_id, d.channel, d.address, d.notification_id, d.n, d.provider_id, n.variant, n.variables,
       n.created_at, n.expires_at, p.traits, a.details, d.attempts, d.state,
       (SELECT belonging.accounts
          FROM known_accounts_of belonging
         WHERE belonging.bucket = p.bucket AND belonging.profile_id = p.id) AS accounts
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN delivery d ON d.bucket = (given.id & 255)::smallint AND d.id = given.id
  JOIN notification n ON n.bucket = d.bucket AND n.id = d.notification_id
  LEFT JOIN person ON person.bucket = d.bucket AND person.profile_id = d.profile_id
  JOIN known_profile p
    ON p.bucket = (coalesce(person.merged_into, d.profile_id) & 255)::smallint
   AND p.id = coalesce(person.merged_into, d.profile_id)
  LEFT JOIN known_address a
    ON a.bucket = p.bucket AND a.profile_id = p.id AND a.channel = d.channel AND a.value = d.address;

-- name: read_refused_marks
-- Why deliveries that are still mine and queued were not cleared. A resume waits until they are parked, or is seen.
SELECT d.id, d.notification_id, d.profile_id, s.state AS source_state
  FROM unnest(:ids::bigint[], :leases::integer[]) AS given(id, lease)
  JOIN delivery d ON d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.lease = given.lease
  JOIN source s ON s.id = d.source_id
 WHERE d.state = 'queued'
 ORDER BY d.bucket, d.id
   FOR SHARE OF s;

-- name: park
-- What waits on a paused source is due when it is resumed.
UPDATE delivery d
   SET due_at = 'infinity', lease_until = NULL
  FROM unnest(:ids::bigint[], :leases::integer[]) AS given(id, lease)
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.lease = given.lease AND d.state = 'queued';

-- name: reroute
-- What one provider cannot take now goes through another; nothing has left, so nothing counts as tried.
UPDATE delivery d
   SET provider_id = :provider_id, lease_until = NULL
  FROM unnest(:ids::bigint[], :leases::integer[]) AS given(id, lease)
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.lease = given.lease AND d.state = 'queued';

-- name: withdraw
-- Attempts that never left and never will; their people are decided anew.
UPDATE delivery d
   SET state = :state, code = :code, due_at = NULL, lease_until = NULL, lease = d.lease + 1
  FROM unnest(:ids::bigint[]) AS given(id)
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.state = 'queued'
RETURNING d.id, d.notification_id, d.profile_id, d.source_id, d.channel;

-- name: read_queued_of_people
-- Attempts of these people, under any of their numbers, that have not left yet. What answers their own words stays.
SELECT d.id, d.notification_id, d.profile_id, d.channel
  FROM (SELECT given.profile_id FROM unnest(:profiles::bigint[]) AS given(profile_id)
        UNION ALL
        SELECT a.profile_id FROM person a WHERE a.merged_into = ANY(:profiles::bigint[])) AS number
  JOIN notification n
    ON n.bucket = (number.profile_id & 255)::smallint AND n.profile_id = number.profile_id
   AND n.is_open
  JOIN source s ON s.id = n.source_id AND s.kind <> 'system'
  JOIN delivery d ON d.bucket = n.bucket AND d.notification_id = n.id AND d.state = 'queued'
 ORDER BY d.bucket, d.id
   FOR UPDATE OF d;

-- name: record
-- The results of a hand-over, where the lease is still mine. `retry_s` puts it back into the queue for that long.
-- A receipt may have been faster: what it said stands, unless it said less.
UPDATE delivery d
   SET state = CASE WHEN d.state = 'sending' THEN given.state ELSE d.state END,
       failure = CASE WHEN d.state = 'sending' THEN given.failure ELSE d.failure END,
       code = CASE WHEN d.state = 'sending' THEN given.code ELSE d.code END,
       handed_at = CASE WHEN d.state = 'sending' AND given.state = 'queued' THEN NULL ELSE :now::timestamptz END,
       attempts = CASE WHEN given.unsent THEN d.attempts - 1 ELSE d.attempts END,
       lane = CASE WHEN given.watch_s IS NULL OR d.due_at IS NULL THEN d.lane ELSE 9 END,
       provider_id = coalesce(given.provider_id, d.provider_id),
       due_at = CASE WHEN d.state = 'sending' AND given.state = 'queued' THEN d.due_at
                     WHEN given.watch_s IS NULL OR d.due_at IS NULL THEN NULL
                     ELSE :now::timestamptz + given.watch_s * interval '1 second' END,
       lease_until = CASE WHEN given.retry_s IS NULL THEN NULL
                          ELSE clock_timestamp() + given.retry_s * interval '1 second' END
  FROM unnest(:ids::bigint[], :leases::integer[], :states::text[], :failures::text[], :codes::text[],
              :watch_s::double precision[], :retry_s::double precision[], :unsent::boolean[], :providers::integer[])
       AS given(id, lease, state, failure, code, watch_s, retry_s, unsent, provider_id)
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.lease = given.lease
   AND d.state NOT IN ('queued', 'cancelled', 'superseded')
RETURNING d.id, d.notification_id, d.profile_id, d.source_id, d.channel, d.address, d.state, d.failure;

-- name: doubt
-- A hand-over whose worker is gone: it may have been sent, or a receipt says so.
UPDATE delivery d
   SET state = CASE WHEN d.state = 'sending' THEN 'in_doubt' ELSE d.state END, handed_at = :now, lease_until = NULL,
       lane = CASE WHEN given.watch_s IS NULL THEN d.lane ELSE 9 END,
       due_at = :now::timestamptz + given.watch_s * interval '1 second'
  FROM unnest(:ids::bigint[], :leases::integer[], :watch_s::double precision[]) AS given(id, lease, watch_s),
       notification n
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.lease = given.lease
   AND d.state IN ('sending', 'accepted', 'sent')
   AND n.bucket = d.bucket AND n.id = d.notification_id
RETURNING d.id, d.notification_id, d.profile_id, d.source_id, d.channel, d.state, n.variant;

-- name: expire
-- Handed over, and nothing was heard in time.
UPDATE delivery d
   SET state = CASE WHEN d.state IN ('in_doubt', 'accepted', 'sent') THEN 'expired' ELSE d.state END,
       due_at = NULL, lease_until = NULL
  FROM unnest(:ids::bigint[], :leases::integer[]) AS given(id, lease), notification n
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.lease = given.lease AND d.lane = 9
   AND n.bucket = d.bucket AND n.id = d.notification_id
RETURNING d.id, d.notification_id, d.profile_id, d.source_id, d.channel, d.state, n.variant;

-- name: hand_over_notifications
-- `sent`: handed over, no proof yet. Only from open, so that a receipt that was faster stays.
UPDATE notification n
   SET state = 'sent', reason = NULL
  FROM unnest(:notifications::bigint[]) AS given(id)
 WHERE n.bucket = (given.id & 255)::smallint AND n.id = given.id AND n.state = 'open';

-- name: read_people_of
-- Under whose numbers these deliveries are: those people are locked before anything of theirs is.
SELECT DISTINCT d.profile_id
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN delivery d ON d.bucket = (given.id & 255)::smallint AND d.id = given.id;

-- name: lock_deliveries
-- Deliveries that receipts speak of.
SELECT d.id, d.notification_id, d.profile_id, d.source_id, d.channel, d.address, d.state, d.opened_at, d.clicked_at,
       d.machine_opened, d.machine_clicked, d.failure, d.code,
       n.variant, n.state AS notification_state, n.channel AS notification_channel
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN delivery d ON d.bucket = (given.id & 255)::smallint AND d.id = given.id
  JOIN notification n ON n.bucket = d.bucket AND n.id = d.notification_id
 ORDER BY n.bucket, n.id, d.id
   FOR UPDATE OF n, d;

-- name: write_folded
-- What receipts made of deliveries. A state that is over waits for nothing.
UPDATE delivery d
   SET state = given.state, failure = given.failure, code = given.code,
       opened_at = given.opened_at, clicked_at = given.clicked_at,
       machine_opened = given.machine_opened, machine_clicked = given.machine_clicked,
       due_at = CASE WHEN given.state IN ('expired', 'failed', 'delivered', 'read') THEN NULL ELSE d.due_at END
  FROM unnest(:ids::bigint[], :states::text[], :failures::text[], :codes::text[], :opened_at::timestamptz[],
              :clicked_at::timestamptz[], :machine_opened::boolean[], :machine_clicked::boolean[])
       AS given(id, state, failure, code, opened_at, clicked_at, machine_opened, machine_clicked)
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id;

-- name: write_outcomes
-- Notifications whose state follows from their attempts.
UPDATE notification n
   SET state = given.state, reason = given.reason
  FROM unnest(:notifications::bigint[], :states::text[], :reasons::text[]) AS given(id, state, reason)
 WHERE n.bucket = (given.id & 255)::smallint AND n.id = given.id AND n.state <> 'cancelled';
