-- name: count_ready
-- Deliveries of an account that wait for nothing but being taken, counted up to a limit.
SELECT count(*)
  FROM unnest(:lanes::smallint[]) AS lanes(lane)
 CROSS JOIN LATERAL (
       SELECT FROM delivery  -- across buckets: by the due index
        WHERE provider_id = :provider_id AND lane = lanes.lane AND due_at <= :now
          AND (lease_until IS NULL OR lease_until < clock_timestamp())
        LIMIT :batch) ready;

-- name: take
-- Deliveries whose time has come, the most urgent lane first, then the oldest. They stay locked until the mark commits, so
-- that nobody else has them; a worker that stands still gives them back after :idle_limit.
SELECT d.id, d.lease, d.state, d.source_id, d.channel, d.address, d.code, d.waited_s,
       (SELECT set_config('idle_in_transaction_session_timeout', :idle_limit, true)) AS guarded
  FROM unnest(:lanes::smallint[]) AS lanes(lane)
 CROSS JOIN LATERAL (
       SELECT id, lease, state, source_id, channel, address, code,
              extract(epoch FROM clock_timestamp() - lease_until)::double precision AS waited_s
         FROM delivery  -- across buckets: by the due index
        WHERE provider_id = :provider_id AND lane = lanes.lane AND due_at <= :now
          AND (lease_until IS NULL OR lease_until < clock_timestamp())
        ORDER BY due_at
        LIMIT :batch
          FOR UPDATE SKIP LOCKED) d
 LIMIT :batch;

-- name: hold
-- Of what I took: what is looked at once more, apart from the rest, is mine for the length of a lease.
UPDATE delivery d
   SET lease = d.lease + 1, lease_until = clock_timestamp() + :lease_for::interval
  FROM unnest(:ids::bigint[]) AS given(id)
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id
RETURNING d.id, d.lease;

-- name: defer
-- Of what I took: what goes later, because whoever receives it takes no more now. `code` says whether its slot is reserved.
-- While product time runs it stands further back in the queue too, so that nobody reads over it until then.
UPDATE delivery d
   SET lease = d.lease + 1, code = given.code,
       lease_until = clock_timestamp() + given.wait_s * interval '1 second',
       due_at = CASE WHEN :runs THEN :now::timestamptz + given.wait_s * interval '1 second' ELSE d.due_at END
  FROM unnest(:ids::bigint[], :waits_s::double precision[], :codes::text[]) AS given(id, wait_s, code)
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.state = 'queued';

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
-- What one provider cannot take now goes through another; nothing has left, so nothing counts as tried. Slots that were
-- reserved there are none here.
UPDATE delivery d
   SET provider_id = :provider_id, lease_until = NULL, due_at = least(d.due_at, :now),
       code = CASE WHEN d.code IN ('paced', 'receiver_busy') THEN NULL ELSE d.code END
  FROM unnest(:ids::bigint[]) AS given(id)
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.state = 'queued';

-- name: read_overdue
-- Of the oldest that wait for an account: those that have an end.
SELECT d.id, d.profile_id, d.source_id, n.created_at, n.expires_at
  FROM (SELECT bucket, id, profile_id, source_id, notification_id, state
          FROM delivery  -- across buckets: by the due index
         WHERE provider_id = :provider_id AND lane = ANY(:lanes::smallint[]) AND due_at <= :now
         ORDER BY due_at
         LIMIT :batch) d
  JOIN notification n ON n.bucket = d.bucket AND n.id = d.notification_id
  JOIN source s ON s.id = d.source_id
 WHERE d.state = 'queued'
   AND (n.expires_at IS NOT NULL OR s.terms ? 'give_up_s' OR s.purpose = ANY(:ending::text[]));

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
       lane = CASE WHEN given.watch_s IS NULL OR d.state NOT IN ('sending', 'accepted', 'sent') THEN d.lane ELSE 9 END,
       provider_id = coalesce(given.provider_id, d.provider_id),
       due_at = CASE WHEN d.state = 'sending' AND given.state = 'queued'
                     THEN CASE WHEN :runs AND given.retry_s IS NOT NULL
                               THEN :now::timestamptz + given.retry_s * interval '1 second' ELSE d.due_at END
                     WHEN given.watch_s IS NULL OR d.state NOT IN ('sending', 'accepted', 'sent') THEN NULL
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
-- A hand-over whose worker is gone: it may have been sent, or a receipt says so and nobody has told yet that it was.
UPDATE delivery d
   SET state = CASE WHEN d.state = 'sending' THEN 'in_doubt' ELSE d.state END, handed_at = :now, lease_until = NULL,
       lane = CASE WHEN given.watch_s IS NULL OR d.state NOT IN ('sending', 'accepted', 'sent') THEN d.lane ELSE 9 END,
       due_at = CASE WHEN d.state IN ('sending', 'accepted', 'sent')
                     THEN :now::timestamptz + given.watch_s * interval '1 second' END
  FROM unnest(:ids::bigint[], :leases::integer[], :watch_s::double precision[]) AS given(id, lease, watch_s),
       notification n
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.lease = given.lease
   AND d.state NOT IN ('queued', 'cancelled', 'superseded') AND d.handed_at IS NULL
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

-- name: take_back_notifications
-- They were set to `sent`, and a receipt that was faster said that the attempt had failed.
UPDATE notification n
   SET state = 'open'
  FROM unnest(:notifications::bigint[]) AS given(id)
 WHERE n.bucket = (given.id & 255)::smallint AND n.id = given.id AND n.state = 'sent';

-- name: read_people_of
-- Under whose numbers these deliveries are: those people are locked before anything of theirs is.
SELECT DISTINCT d.profile_id
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN delivery d ON d.bucket = (given.id & 255)::smallint AND d.id = given.id;

-- name: lock_deliveries
-- Deliveries that receipts speak of.
SELECT d.id, d.notification_id, d.profile_id, d.source_id, d.channel, d.address, d.state, d.opened_at, d.clicked_at,
       d.machine_opened, d.machine_clicked, d.failure, d.code, d.provider_id, d.handed_at,
       n.variant, n.state AS notification_state, n.channel AS notification_channel, n.created_at, n.expires_at
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN delivery d ON d.bucket = (given.id & 255)::smallint AND d.id = given.id
  JOIN notification n ON n.bucket = d.bucket AND n.id = d.notification_id
 ORDER BY n.bucket, n.id, d.id
   FOR UPDATE OF n, d;

-- name: write_folded
-- What receipts made of deliveries. A state that is over waits for nothing; but while it is not recorded that the message
-- was handed over, it stays due, so that somebody tells it even if the one who did is gone.
UPDATE delivery d
   SET state = given.state, failure = given.failure, code = given.code,
       opened_at = given.opened_at, clicked_at = given.clicked_at,
       machine_opened = given.machine_opened, machine_clicked = given.machine_clicked,
       due_at = CASE WHEN given.state IN ('expired', 'failed', 'delivered', 'read') AND d.handed_at IS NOT NULL THEN NULL
                     ELSE d.due_at END
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

-- name: want_back
-- What was handed over and is not needed any more: whoever is connected to the provider asks for it.
UPDATE delivery d
   SET lane = 8, due_at = :now, lease_until = NULL, lease = d.lease + 1
  FROM unnest(:ids::bigint[]) AS given(id)
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.state IN ('accepted', 'sent');

-- name: want_source_back
-- The same of a whole source, as far as it may still be on its way.
UPDATE delivery d
   SET lane = 8, due_at = :now, lease_until = NULL, lease = d.lease + 1
  FROM notification n
 WHERE n.source_id = :source_id  -- across buckets: by the index of a source
   AND d.bucket = n.bucket AND d.notification_id = n.id
   AND d.state IN ('accepted', 'sent') AND d.provider_id = ANY(:providers::integer[])
   AND d.handed_at > :since::timestamptz;

-- name: read_due
-- Accounts of which something is due in a lane.
SELECT given.id
  FROM unnest(:providers::integer[]) AS given(id)
 WHERE EXISTS (SELECT FROM delivery  -- across buckets: by the due index
                WHERE provider_id = given.id AND lane = :lane AND due_at <= :now
                  AND (lease_until IS NULL OR lease_until < clock_timestamp()));

-- name: settle_recalls
-- They were asked for. What was not given back waits for its failover time-out again, where it has one.
UPDATE delivery d
   SET due_at = given.due_at, lane = CASE WHEN given.due_at IS NULL THEN d.lane ELSE 9 END, lease_until = NULL
  FROM unnest(:ids::bigint[], :leases::integer[], :due::timestamptz[]) AS given(id, lease, due_at)
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id AND d.lease = given.lease AND d.lane = 8;
