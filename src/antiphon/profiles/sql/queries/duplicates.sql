-- name: profiles_after
-- The next profiles, in the order of the table.
SELECT id
  FROM profile
 WHERE (bucket, id) > (:bucket::smallint, :after::bigint)
 ORDER BY bucket, id
 LIMIT :limit;

-- name: same_addresses
-- Others who can be reached where these can. Reads across buckets: an address may be shared.
SELECT mine.profile_id, theirs.profile_id AS other, mine.channel, mine.value
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN address AS mine
    ON mine.bucket = (given.id & 255)::smallint AND mine.profile_id = given.id
 CROSS JOIN LATERAL (SELECT profile_id
                       FROM address
                      WHERE address.channel = mine.channel
                        AND address.value = mine.value
                        AND address.profile_id <> mine.profile_id
                      LIMIT :neighbours) AS theirs;

-- name: same_mailboxes
-- Others whose e-mail address differs only in a +tag or, with Google, in dots. Reads across buckets: the directory is
-- asked by value.
WITH mine AS MATERIALIZED (
       SELECT identifier.profile_id, identifier.value,
              split_part(split_part(identifier.value, '@', 1), '+', 1) AS mailbox,
              split_part(identifier.value, '@', 2) AS domain
         FROM unnest(:ids::bigint[]) AS given(id)
         JOIN identifier ON identifier.profile_id = given.id AND identifier.kind = 'email')
SELECT mine.profile_id, theirs.profile_id AS other, mine.value, theirs.value AS other_value
  FROM mine
 CROSS JOIN LATERAL ((SELECT identifier.profile_id, identifier.value
                        FROM identifier
                       WHERE identifier.value = mine.mailbox || '@' || mine.domain
                         AND identifier.kind = 'email')
                     UNION ALL
                     (SELECT tagged.profile_id, tagged.value
                        FROM (SELECT identifier.profile_id, identifier.value, identifier.kind
                                FROM identifier
                               WHERE identifier.value ~>=~ (mine.mailbox || '+')
                                 AND identifier.value ~<~ (mine.mailbox || ',')  -- the sign after +
                               LIMIT :looked_at) AS tagged
                       WHERE tagged.kind = 'email'
                         AND right(tagged.value, length(mine.domain) + 1) = '@' || mine.domain
                       LIMIT :neighbours)
                     UNION ALL
                     (SELECT identifier.profile_id, identifier.value
                        FROM identifier
                       WHERE mine.domain IN ('gmail.com', 'googlemail.com')
                         AND replace(split_part(split_part(identifier.value, '@', 1), '+', 1), '.', '')
                             = replace(mine.mailbox, '.', '')
                         AND identifier.kind = 'email'
                         AND identifier.value LIKE ANY ('{%@gmail.com,%@googlemail.com}')
                       LIMIT :neighbours)) AS theirs
 WHERE theirs.profile_id <> mine.profile_id;

-- name: named_together
-- Others whom somebody named together with these, by identifiers that say who somebody is. Reads across buckets: links
-- are met from both ends.
SELECT mine.profile_id, theirs.profile_id AS other, mine.kind, mine.value, theirs.kind AS other_kind,
       theirs.value AS other_value, met.source
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN identifier AS mine
    ON mine.profile_id = given.id AND NOT mine.shared
 CROSS JOIN LATERAL ((SELECT link.other AS id, link.source FROM link WHERE link.one = mine.id LIMIT :looked_at)
                     UNION ALL
                     (SELECT link.one, link.source FROM link WHERE link.other = mine.id LIMIT :looked_at)) AS met
  JOIN identifier AS theirs
    ON theirs.id = met.id AND NOT theirs.shared AND theirs.profile_id <> mine.profile_id;

-- name: same_keys
-- Others of the same family name and birthday or postcode. Reads across buckets: words are asked by themselves.
SELECT mine.profile_id, theirs.profile_id AS other, mine.word
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN profile_word AS mine
    ON mine.bucket = (given.id & 255)::smallint AND mine.profile_id = given.id
   AND mine.word ~>=~ '=' AND mine.word ~<~ '>'
 CROSS JOIN LATERAL (SELECT profile_id
                       FROM profile_word
                      WHERE profile_word.word = mine.word
                        AND profile_word.profile_id <> mine.profile_id
                      LIMIT :neighbours) AS theirs;
