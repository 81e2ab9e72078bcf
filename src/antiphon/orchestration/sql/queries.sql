-- name: insert_source
-- A new thing that notifications come from.
INSERT INTO source (kind, name, message_id, version, topic, purpose, channels, failover_on, silence_s, terms)
VALUES (:kind, :name, :message_id, :version, :topic, :purpose, :channels, :failover_on, :silence_s, :terms)
RETURNING id;

-- name: read_sources
-- Sources by number.
SELECT id, kind, name, message_id, version, topic, purpose, channels, failover_on, state, prefer, silence_s, terms
  FROM source
 WHERE id = ANY(:ids::bigint[]);

-- name: set_source_state
-- Pause, resume or cancel: the flag that every mark reads.
UPDATE source SET state = :state WHERE id = :id AND state <> 'cancelled';

-- name: set_source_prefer
-- The rest takes this channel.
UPDATE source SET prefer = :prefer WHERE id = :id;

-- name: new_notification_ids
-- A number for each of these people who has no notification of this source yet, under whichever of their numbers.
-- Their locks are held.
SELECT given.profile_id, nextval('notification_seq') << 8 | (given.profile_id & 255) AS id
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  -- LIMIT keeps these from being joined as wholes: a source that is being told to many has no statistics yet, and each
  -- batch would read all that it was told so far.
  LEFT JOIN LATERAL (SELECT n.id
                       FROM notification n
                      WHERE n.bucket = (given.profile_id & 255)::smallint AND n.profile_id = given.profile_id
                        AND n.source_id = :source_id
                      LIMIT 1) own ON true
  LEFT JOIN LATERAL (SELECT n.id
                       FROM person a
                      CROSS JOIN LATERAL (SELECT n.id
                                            FROM notification n
                                           WHERE n.bucket = a.bucket AND n.profile_id = a.profile_id
                                             AND n.source_id = :source_id
                                           LIMIT 1) n
                      WHERE a.merged_into = given.profile_id
                      LIMIT 1) other ON true
 WHERE own.id IS NULL AND other.id IS NULL;

-- name: read_open
-- All that is still open for these people under any of their numbers, locked: what receipts say meanwhile waits, or
-- is seen.
SELECT number.person, n.id, n.profile_id, n.source_id, n.variant, n.created_at, n.expires_at, n.state,
       CASE WHEN n.decision ->> 'act' = 'send' THEN (n.decision ->> 'at')::timestamptz END AS sent_at,
       coalesce((n.decision ->> 'cost')::double precision, 0) AS cost
  FROM notification n
  JOIN (SELECT given.profile_id, given.profile_id AS person FROM unnest(:profiles::bigint[]) AS given(profile_id)
        UNION ALL
        SELECT a.profile_id, a.merged_into FROM person a WHERE a.merged_into = ANY(:profiles::bigint[])) AS number
    ON n.bucket = (number.profile_id & 255)::smallint AND n.profile_id = number.profile_id
 WHERE n.is_open
 ORDER BY n.bucket, n.id
   FOR UPDATE OF n;

-- name: read_told_elsewhere
-- Those of these open notifications that another number of the same person has too, and was told.
SELECT DISTINCT n.id
  FROM unnest(:notifications::bigint[], :people::bigint[]) AS given(id, person)
  JOIN notification n ON n.bucket = (given.id & 255)::smallint AND n.id = given.id
 CROSS JOIN LATERAL (SELECT given.person AS profile_id
                     UNION ALL
                     SELECT a.profile_id FROM person a WHERE a.merged_into = given.person) AS number
  JOIN notification other
    ON other.bucket = (number.profile_id & 255)::smallint AND other.profile_id = number.profile_id
   AND other.source_id = n.source_id AND other.id <> n.id
 WHERE other.state IN ('sent', 'delivered');

-- name: read_attempts
-- What was tried for these notifications, oldest first.
SELECT d.id, d.notification_id, d.profile_id, d.n, d.channel, d.address, d.state, d.failure, d.provider_id
  FROM delivery d
  JOIN unnest(:notifications::bigint[]) AS given(id)
    ON d.bucket = (given.id & 255)::smallint AND d.notification_id = given.id
 ORDER BY d.notification_id, d.n;

-- name: read_reach
-- Where these people can be reached, and what they or the world said about it.
SELECT a.profile_id, a.channel, a.value, a.state = 'dead' AS dead, o.scope AS opted_out
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN known_address a
    ON a.bucket = (given.profile_id & 255)::smallint AND a.profile_id = given.profile_id
  LEFT JOIN known_opt_out o  -- reads across buckets: an opt-out lies in its address's own
    ON o.channel = a.channel AND o.value = a.value
 ORDER BY a.profile_id, a.channel, a.value;

-- name: insert_source_addresses
-- One source, one address, once. What it does not return was taken before: see read_source_addresses.
INSERT INTO source_address (bucket, source_id, key, profile_id)
SELECT given.bucket, given.source_id, given.key, given.profile_id
  FROM unnest(:buckets::smallint[], :sources::bigint[], :keys::uuid[], :profiles::bigint[])
       AS given(bucket, source_id, key, profile_id)
 ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING
RETURNING source_id, key;

-- name: read_source_addresses
-- Whose an address was when its source first used it.
SELECT s.source_id, s.key, s.profile_id
  FROM unnest(:buckets::smallint[], :sources::bigint[], :keys::uuid[]) AS given(bucket, source_id, key)
  JOIN source_address s
    ON s.bucket = given.bucket AND s.source_id = given.source_id AND s.key = given.key;

-- name: insert_deliveries
-- The next attempt of each notification, due now.
INSERT INTO delivery (bucket, id, notification_id, profile_id, source_id, n, channel, address, provider_id, lane, due_at,
                      leave_by)
SELECT (given.notification_id & 255)::smallint, nextval('delivery_seq') << 8 | (given.notification_id & 255),
       given.notification_id, given.profile_id, given.source_id, given.n, given.channel, given.address,
       given.provider_id, given.lane, :now, given.leave_by
  FROM unnest(:notifications::bigint[], :profiles::bigint[], :sources::bigint[], :ns::smallint[], :channels::text[],
              :addresses::text[], :providers::integer[], :lanes::smallint[], :leave_by::timestamptz[])
       AS given(notification_id, profile_id, source_id, n, channel, address, provider_id, lane, leave_by)
 ORDER BY given.notification_id & 255, given.notification_id;

-- name: write_verdicts
-- What was decided of each notification.
UPDATE notification n
   SET state = given.state, reason = given.reason, channel = coalesce(given.channel, n.channel),
       decision = given.decision
  FROM unnest(:notifications::bigint[], :states::text[], :reasons::text[], :channels::text[], :decisions::jsonb[])
       AS given(id, state, reason, channel, decision)
 WHERE n.bucket = (given.id & 255)::smallint AND n.id = given.id;

-- name: insert_verdicts
-- Notifications that are written together with what was decided of them: one row version instead of two.
INSERT INTO notification (bucket, id, profile_id, source_id, variant, created_at, state, reason, channel, decision)
SELECT (given.id & 255)::smallint, given.id, given.profile_id, given.source_id, given.variant, :now,
       given.state, given.reason, given.channel, given.decision
  FROM unnest(:notifications::bigint[], :profiles::bigint[], :sources::bigint[], :variants::text[], :states::text[],
              :reasons::text[], :channels::text[], :decisions::jsonb[])
       AS given(id, profile_id, source_id, variant, state, reason, channel, decision)
 ORDER BY 1, 2;

-- name: lock_paused
-- Those of these sources that are paused. A resume waits until we have written who waits for it, or is seen.
SELECT id
  FROM source
 WHERE id = ANY(:ids::bigint[]) AND state = 'paused'
 ORDER BY id
   FOR SHARE;

-- name: resume_parked
-- What was parked while its source was paused is due again.
UPDATE delivery
   SET due_at = :now, version = version + 1
 WHERE source_id = :source_id AND due_at = 'infinity' AND state = 'queued';  -- across buckets: by its due index

-- name: read_paused
-- Who waits only because the source was paused.
SELECT DISTINCT n.profile_id
  FROM notification n
 WHERE n.source_id = :source_id AND n.is_open  -- across buckets: by the index of what is open
   AND n.state = 'waiting' AND n.reason = 'paused';

-- name: lock_open_of_source
-- What a source still has open, locked before anything of it is cancelled.
SELECT n.id
  FROM notification n
 WHERE n.source_id = :source_id AND n.is_open  -- across buckets: by the index of what is open
 ORDER BY n.bucket, n.id
   FOR UPDATE OF n;

-- name: cancel_queued
-- Their attempts that had not left. A mark that is under way is waited for: what it let go is left alone.
UPDATE delivery d
   SET state = 'cancelled', code = 'cancelled', due_at = NULL, lease_until = NULL, lease = d.lease + 1
  FROM unnest(:notifications::bigint[]) AS given(id)
 WHERE d.bucket = (given.id & 255)::smallint AND d.notification_id = given.id AND d.state = 'queued';

-- name: cancel_open
-- Those of them of which nothing is on its way; what was handed over keeps its state.
UPDATE notification n
   SET state = 'cancelled', reason = 'cancelled'
  FROM unnest(:notifications::bigint[]) AS given(id)
 WHERE n.bucket = (given.id & 255)::smallint AND n.id = given.id AND n.is_open
   AND NOT EXISTS (SELECT FROM delivery d WHERE d.bucket = n.bucket AND d.notification_id = n.id
                      AND d.state IN ('sending', 'in_doubt', 'accepted', 'sent'));

-- name: anything_open
-- Whether a source still has something open or waiting.
SELECT EXISTS (SELECT FROM notification  -- across buckets: by the index of what is open
                WHERE source_id = :source_id AND is_open);

-- name: count_states
-- Notifications of a source by state, channel, variant and reason.
SELECT state, coalesce(channel, '') AS channel, variant, coalesce(reason, '') AS reason, count(*) AS n
  FROM notification
 WHERE source_id = :source_id  -- across buckets: by the index of a source
 GROUP BY 1, 2, 3, 4;

-- name: count_doubles
-- People of a source to whom more than one attempt is known to have arrived.
SELECT count(*)
  FROM (SELECT d.notification_id
          FROM notification n
          JOIN delivery d ON d.bucket = n.bucket AND d.notification_id = n.id
         WHERE n.source_id = :source_id AND n.state = 'delivered'  -- across buckets: by the index of a source
           AND d.n > 1 AND d.state IN ('delivered', 'read')
           AND EXISTS (SELECT FROM delivery e WHERE e.bucket = d.bucket AND e.notification_id = d.notification_id
                          AND e.n < d.n AND e.state IN ('delivered', 'read'))
         GROUP BY 1) doubles;

-- name: list_recipients
-- Who a source told, and who not and why, in the order of their ids.
SELECT n.id, n.profile_id, n.state, n.reason, n.channel, n.variant, n.decision, d.state AS delivery_state, d.address,
       d.handed_at, d.failure, d.code, coalesce(person.merged_into, n.profile_id) AS person
  FROM notification n
  LEFT JOIN person ON person.bucket = n.bucket AND person.profile_id = n.profile_id
  LEFT JOIN LATERAL (SELECT * FROM delivery d WHERE d.bucket = n.bucket AND d.notification_id = n.id
                      ORDER BY d.n DESC LIMIT 1) d ON true
 WHERE n.source_id = :source_id AND n.profile_id > :after  -- across buckets: by the index of a source
   AND (:outcome::text IS NULL OR n.state = :outcome)
   AND (:reason::text IS NULL OR n.reason = :reason)
   AND (:profiles::bigint[] IS NULL OR n.profile_id = ANY(:profiles))
 ORDER BY n.profile_id
 LIMIT :limit;

-- name: read_notifications
-- Notifications by number, with their source.
SELECT n.id, n.profile_id, n.source_id, n.variant, n.state, n.reason, n.channel, n.created_at, n.expires_at,
       n.decision, n.variables, s.name AS source_name, s.kind AS source_kind,
       coalesce(person.merged_into, n.profile_id) AS person
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN notification n ON n.bucket = (given.id & 255)::smallint AND n.id = given.id
  JOIN source s ON s.id = n.source_id
  LEFT JOIN person ON person.bucket = n.bucket AND person.profile_id = n.profile_id;

-- name: read_notifications_of
-- The newest notifications of a person's numbers, of one source or all.
SELECT n.id
  FROM unnest(:profiles::bigint[]) AS number(profile_id)
  JOIN notification n
    ON n.bucket = (number.profile_id & 255)::smallint AND n.profile_id = number.profile_id
 WHERE :source_id::bigint IS NULL OR n.source_id = :source_id
 ORDER BY n.created_at DESC, n.id DESC
 LIMIT :limit;

-- name: read_deliveries_of
-- The attempts of notifications, as people ask for them.
SELECT d.id, d.notification_id, d.n, d.channel, d.address, d.provider_id, d.state, d.failure, d.code, d.handed_at,
       d.opened_at, d.clicked_at
  FROM unnest(:notifications::bigint[]) AS given(id)
  JOIN delivery d ON d.bucket = (given.id & 255)::smallint AND d.notification_id = given.id
 ORDER BY d.notification_id, d.n;

-- name: count_due
-- Rows of this part that are due and not finished.
SELECT (SELECT count(*) FROM person WHERE due_at <= :now)  -- across buckets: by the due indexes
     + (SELECT count(*) FROM delivery WHERE due_at <= :now);

-- name: read_idempotent
-- The notification that an API caller's key led to.
SELECT notification_id FROM idempotency WHERE bucket = :bucket AND key = :key;

-- name: insert_idempotent
-- Take an API caller's key; nothing is returned when it was taken before.
INSERT INTO idempotency (bucket, key, notification_id)
VALUES (:bucket, :key, :notification_id)
    ON CONFLICT DO NOTHING
RETURNING notification_id;

-- name: new_notification_id
-- A number for a person's next notification: known before the caller's key is taken.
SELECT nextval('notification_seq') << 8 | :bucket::bigint;

-- name: insert_api_notification
-- A notification that no campaign made: each call is one, whoever it is for.
INSERT INTO notification (bucket, id, profile_id, source_id, created_at, expires_at, variables)
VALUES (:bucket, :id, :profile_id, :source_id, :now, :expires_at, :variables);

-- name: count_backlog
-- Deliveries that are due at providers that are up and not handed over, up to a limit.
SELECT count(*)
  FROM (SELECT FROM delivery  -- across buckets: by the due index
         WHERE provider_id = ANY(:providers::integer[]) AND lane < 8 AND due_at <= :now LIMIT :limit) ahead;

-- name: read_conversions
-- The delivery that each of these people clicked last, within a time: what a conversion is owed to.
SELECT DISTINCT ON (number.person) number.person, d.source_id, d.channel, n.variant
  FROM (SELECT given.profile_id, given.profile_id AS person FROM unnest(:profiles::bigint[]) AS given(profile_id)
        UNION ALL
        SELECT a.profile_id, a.merged_into FROM person a WHERE a.merged_into = ANY(:profiles::bigint[])) AS number
  JOIN notification n
    ON n.bucket = (number.profile_id & 255)::smallint AND n.profile_id = number.profile_id
  JOIN delivery d ON d.bucket = n.bucket AND d.notification_id = n.id
 WHERE d.clicked_at > :since AND d.clicked_at <= :now
 ORDER BY number.person, d.clicked_at DESC;

-- name: read_public
-- What public links of deliveries need: whose they are by now, what was said, when it was handed over.
SELECT d.id, p.id AS profile_id, d.source_id, d.channel, d.address, d.handed_at, d.state, n.variant, n.variables,
       s.message_id, s.version, s.topic, p.traits,
       (SELECT belonging.accounts
          FROM known_accounts_of belonging
         WHERE belonging.bucket = p.bucket AND belonging.profile_id = p.id) AS accounts
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN delivery d ON d.bucket = (given.id & 255)::smallint AND d.id = given.id
  JOIN notification n ON n.bucket = d.bucket AND n.id = d.notification_id
  JOIN source s ON s.id = d.source_id
  LEFT JOIN person ON person.bucket = d.bucket AND person.profile_id = d.profile_id
  JOIN known_profile p
    ON p.bucket = (coalesce(person.merged_into, d.profile_id) & 255)::smallint
   AND p.id = coalesce(person.merged_into, d.profile_id);

-- name: read_visited
-- What is known of visits to deliveries, and what they count for.
SELECT d.id, d.source_id, d.channel, d.handed_at, d.opened_at, d.clicked_at, d.machine_clicked, n.variant
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN delivery d ON d.bucket = (given.id & 255)::smallint AND d.id = given.id
  JOIN notification n ON n.bucket = d.bucket AND n.id = d.notification_id;
