-- name: insert_trial
-- This test says what is known of this person.
INSERT INTO message_trial (bucket, profile_id, notification_id)
VALUES (:bucket, :profile_id, :notification_id)
    ON CONFLICT DO NOTHING;

-- name: forget_trials
-- The tests that say what is known of these people; that they do is forgotten.
DELETE FROM message_trial t
 USING unnest(:profiles::bigint[]) AS given(id)
 WHERE t.bucket = (given.id & 255)::smallint AND t.profile_id = given.id
RETURNING t.notification_id;
