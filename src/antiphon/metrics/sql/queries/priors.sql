-- name: fold_moves
-- Parts into the grid, each at the hour in which it settles.
WITH taken AS (DELETE FROM response_part WHERE ctid = ANY(array(SELECT ctid FROM response_part LIMIT 20000)) RETURNING *)
INSERT INTO response_grid AS g (settles_at, cell, sent, answered, people)
SELECT settles_at, cell, sent, answered, sum(people)
  FROM taken
 GROUP BY settles_at, cell, sent, answered
HAVING sum(people) <> 0
 ORDER BY settles_at, cell, sent, answered
    ON CONFLICT (settles_at, cell, sent, answered) DO UPDATE SET people = g.people + excluded.people;

-- name: settle
-- Hours that have come go into what has settled. Several keepers at once: a row that one took is gone for the other.
WITH due AS (
       DELETE FROM response_grid WHERE settles_at > '-infinity' AND settles_at <= :now
       RETURNING cell, sent, answered, people)
INSERT INTO response_grid AS g (settles_at, cell, sent, answered, people)
SELECT '-infinity', cell, sent, answered, sum(people) FROM due
 GROUP BY cell, sent, answered
HAVING sum(people) <> 0
 ORDER BY cell, sent, answered
    ON CONFLICT (settles_at, cell, sent, answered) DO UPDATE SET people = g.people + excluded.people;

-- name: read_sums
-- Of each cell what has settled, beside what its prior was learned from.
SELECT g.cell, sum(g.people * g.sent)::bigint AS sent, sum(g.people * g.answered)::bigint AS answered,
       p.sent AS fitted_sent, p.answered AS fitted_answered, p.fitted_at
  FROM response_grid g
  LEFT JOIN response_prior p ON p.cell = g.cell
 WHERE g.settles_at <= :now
 GROUP BY g.cell, p.cell;

-- name: read_grid
-- What has settled of these cells.
SELECT cell, sent, answered, sum(people)::bigint AS people
  FROM response_grid
 WHERE settles_at <= :now AND cell = ANY(:cells::smallint[])
 GROUP BY cell, sent, answered;

-- name: write_priors
-- What was learned. Of two keepers the later word holds: both read nearly the same.
INSERT INTO response_prior (cell, alpha, beta, people, sent, answered, fitted_at)
SELECT given.cell, given.alpha, given.beta, given.people, given.sent, given.answered, :now
  FROM unnest(:cells::smallint[], :alphas::double precision[], :betas::double precision[], :people::bigint[],
              :sents::bigint[], :answereds::bigint[]) AS given(cell, alpha, beta, people, sent, answered)
 ORDER BY given.cell
    ON CONFLICT (cell)
    DO UPDATE SET alpha = excluded.alpha, beta = excluded.beta, people = excluded.people, sent = excluded.sent,
                  answered = excluded.answered, fitted_at = excluded.fitted_at;

-- name: read_priors
-- What was learned, by cell.
SELECT cell, alpha, beta, people FROM response_prior;
