-- name: keep_preferences
-- What the person said replaces what was said before.
INSERT INTO preference AS kept (bucket, profile_id, topic, channel, state, changed_at)
SELECT :bucket, :profile, topic, channel, state, :now
  FROM unnest(:topics::text[], :channels::text[], :states::text[]) AS given(topic, channel, state)
 ORDER BY topic, channel
    ON CONFLICT (bucket, profile_id, topic, channel) DO UPDATE
   SET state = excluded.state, changed_at = excluded.changed_at
 WHERE kept.state <> excluded.state;

-- name: drop_preferences
-- Nothing is said any more.
DELETE FROM preference
 USING unnest(:topics::text[], :channels::text[]) AS given(topic, channel)
 WHERE preference.bucket = :bucket
   AND preference.profile_id = :profile
   AND preference.topic = given.topic
   AND preference.channel = given.channel;

-- name: add_opt_outs
-- The first opt-out of an address stays: it is the proof.
INSERT INTO opt_out (bucket, channel, value, at, how)
SELECT bucket, :channel, value, :now, :how
  FROM unnest(:buckets::smallint[], :values::text[]) AS given(bucket, value)
 ORDER BY bucket, value
    ON CONFLICT DO NOTHING;

-- name: drop_opt_outs
-- These addresses may be written to again.
DELETE FROM opt_out
 USING unnest(:buckets::smallint[], :values::text[]) AS given(bucket, value)
 WHERE opt_out.bucket = given.bucket
   AND opt_out.channel = :channel
   AND opt_out.value = given.value;

-- name: find_holders
-- Whoever can be reached at these addresses. Reads across buckets: an address may be shared.
SELECT DISTINCT profile_id
  FROM address
 WHERE channel = :channel
   AND value = ANY(:values::text[])
 ORDER BY profile_id;
