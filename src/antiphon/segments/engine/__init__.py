"""From rules to SQL, and from what SQL answers to who is in.

Every leaf becomes an `Answer` (`leaves`). Answers are put together in three ways: `sets` for counting and listing
everybody at an instant, `everybody` for the first look of a new rule, which also wants timers, and `judge` for the few
to whom something happened or whose time has come: there each leaf is one statement about some profiles, and the tree is
worked out as sets of profiles.
"""
