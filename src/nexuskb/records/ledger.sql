-- The ledger: what people enter, who did it, when and why. Rows of revision, call, act, accepted and log are
-- only ever added. Numbers order things, never times: a clock may go back.

-- One request of one person: everything in it enters, or nothing does.
CREATE TABLE call (
  id INTEGER PRIMARY KEY,
  at TEXT NOT NULL,            -- UTC, for people
  who TEXT NOT NULL,
  role TEXT NOT NULL,
  operation TEXT NOT NULL,
  why TEXT NOT NULL,
  key TEXT,                    -- the idempotency key, if the client gave one
  request TEXT NOT NULL,       -- SHA-256 of what was asked, to tell a repeat from another request
  outcome TEXT NOT NULL        -- what was answered, for a repeat
) STRICT;
CREATE UNIQUE INDEX call_by_key ON call (who, key) WHERE key IS NOT NULL;

-- A record's content at one time: N-Triples in a fixed order, of the record and its evidence, without the
-- review state. Number 0 is what the curated files held when the record was first touched.
CREATE TABLE revision (
  record TEXT NOT NULL,
  number INTEGER NOT NULL,
  content BLOB NOT NULL,
  digest TEXT NOT NULL,        -- SHA-256 of the content
  PRIMARY KEY (record, number)
) STRICT;

-- One step in the life of one record.
CREATE TABLE act (
  seq INTEGER PRIMARY KEY,
  call INTEGER NOT NULL REFERENCES call (id),
  record TEXT NOT NULL,
  step TEXT NOT NULL,
  state TEXT NOT NULL,         -- the review state after it
  revision INTEGER NOT NULL,
  FOREIGN KEY (record, revision) REFERENCES revision (record, number)
) STRICT;
CREATE INDEX act_by_record ON act (record, seq);

-- The changes of the accepted base in their order. Without a revision the record was withdrawn.
CREATE TABLE accepted (
  seq INTEGER PRIMARY KEY,
  act INTEGER NOT NULL REFERENCES act (seq),
  record TEXT NOT NULL,
  revision INTEGER,
  head TEXT NOT NULL,          -- SHA-256 over the head before and this row: equal heads, equal ledgers
  FOREIGN KEY (record, revision) REFERENCES revision (record, number)
) STRICT;
CREATE INDEX accepted_by_record ON accepted (record, seq);

-- Where each record stands: follows from act and accepted, kept to be quick.
CREATE TABLE standing (
  record TEXT PRIMARY KEY,
  act INTEGER NOT NULL REFERENCES act (seq),
  state TEXT NOT NULL,
  revision INTEGER NOT NULL,   -- the latest
  accepted INTEGER,            -- the one in the base, if any
  author TEXT NOT NULL,        -- who wrote the latest
  areas TEXT NOT NULL,         -- IRIs, with a space before, between and after
  FOREIGN KEY (record, revision) REFERENCES revision (record, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX standing_by_state ON standing (state);

-- Who may enter. A secret is kept as SHA-256 only.
CREATE TABLE token (
  id TEXT PRIMARY KEY,         -- public, part of the token
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  areas TEXT NOT NULL,
  secret TEXT NOT NULL,
  made TEXT NOT NULL,
  expires TEXT,
  revoked TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  secret TEXT PRIMARY KEY,
  token TEXT NOT NULL REFERENCES token (id),
  made TEXT NOT NULL,
  expires TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Write acts and refusals, without content and without secrets.
CREATE TABLE log (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  who TEXT NOT NULL,
  token TEXT NOT NULL,
  operation TEXT NOT NULL,
  records TEXT NOT NULL,
  outcome TEXT NOT NULL,
  words TEXT NOT NULL
) STRICT;

CREATE TRIGGER call_stays BEFORE UPDATE ON call BEGIN SELECT RAISE(ABORT, 'calls are never changed'); END;
CREATE TRIGGER call_kept BEFORE DELETE ON call BEGIN SELECT RAISE(ABORT, 'calls are never removed'); END;
CREATE TRIGGER revision_stays BEFORE UPDATE ON revision
  BEGIN SELECT RAISE(ABORT, 'revisions are never changed'); END;
CREATE TRIGGER revision_kept BEFORE DELETE ON revision
  BEGIN SELECT RAISE(ABORT, 'revisions are never removed'); END;
CREATE TRIGGER act_stays BEFORE UPDATE ON act BEGIN SELECT RAISE(ABORT, 'acts are never changed'); END;
CREATE TRIGGER act_kept BEFORE DELETE ON act BEGIN SELECT RAISE(ABORT, 'acts are never removed'); END;
CREATE TRIGGER accepted_stays BEFORE UPDATE ON accepted
  BEGIN SELECT RAISE(ABORT, 'acceptances are never changed'); END;
CREATE TRIGGER accepted_kept BEFORE DELETE ON accepted
  BEGIN SELECT RAISE(ABORT, 'acceptances are never removed'); END;
CREATE TRIGGER log_stays BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log is never changed'); END;
CREATE TRIGGER log_kept BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is never shortened'); END;
