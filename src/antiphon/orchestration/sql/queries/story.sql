-- name: read_notifications_before
-- Notifications of a person's numbers, the newest first, before one of them; of any channel or of these.
SELECT n.id
  FROM unnest(:profiles::bigint[]) AS number(profile_id)
  JOIN notification n
    ON n.bucket = (number.profile_id & 255)::smallint AND n.profile_id = number.profile_id
 WHERE (n.created_at, n.id) < (:before, :before_id::bigint)
   AND (:channels::text[] IS NULL OR n.channel = ANY(:channels))
 ORDER BY n.created_at DESC, n.id DESC
 LIMIT :limit;
