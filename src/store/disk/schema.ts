/**
 * What takes the database from one version to the next, each in one transaction. A change is a new entry here.
 *
 * `sets`: the data sets; `totals` follows them by triggers. `segments`: where the bytes of a segment lie, and which of
 * its blocks are there, one bit each, lowest first. `hash_groups`: leaves and path of a group. `slabs`, `free`: how far
 * each slab file is used, and the gaps before that. `removed`: data sets whose rows and places are still to be given
 * back. `leaving`: places that nothing refers to any more, or not yet. `items`, `named`: the catalog.
 * `standing` and what follows it in `items` say what is in the record, to find it by; nothing there: not placed yet. Those
 * that begin with `kept_` are of copies for others.
 * `bucket`, `objects`: where blocks lie that are not in slabs, and in which objects.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE sets (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    block_count INTEGER NOT NULL,
    block_bytes INTEGER NOT NULL,
    held_count INTEGER NOT NULL DEFAULT 0,
    hash_bytes INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE totals (used_bytes INTEGER NOT NULL) STRICT;
  INSERT INTO totals VALUES (0);
  CREATE TRIGGER sets_changed AFTER UPDATE OF held_count, hash_bytes ON sets BEGIN
    UPDATE totals SET used_bytes = used_bytes
      + (NEW.held_count - OLD.held_count) * NEW.block_bytes + NEW.hash_bytes - OLD.hash_bytes;
  END;
  CREATE TRIGGER sets_removed AFTER DELETE ON sets BEGIN
    UPDATE totals SET used_bytes = used_bytes - OLD.held_count * OLD.block_bytes - OLD.hash_bytes;
  END;
  CREATE TABLE segments (
    serial INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    slab INTEGER NOT NULL,
    start INTEGER NOT NULL,
    size INTEGER NOT NULL,
    held BLOB NOT NULL,
    PRIMARY KEY (serial, segment)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX segments_by_place ON segments (slab, start);
  CREATE TABLE hash_groups (
    serial INTEGER NOT NULL,
    hash_group INTEGER NOT NULL,
    leaves BLOB NOT NULL,
    path BLOB NOT NULL,
    PRIMARY KEY (serial, hash_group)
  ) STRICT;
  CREATE TABLE slabs (slab INTEGER PRIMARY KEY, used_end INTEGER NOT NULL) STRICT;
  CREATE TABLE free (
    slab INTEGER NOT NULL,
    start INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (slab, start)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX free_by_size ON free (size, slab, start);
  CREATE TABLE removed (serial INTEGER PRIMARY KEY) STRICT;
  CREATE TABLE leaving (
    slab INTEGER NOT NULL,
    start INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (slab, start)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE items (id TEXT PRIMARY KEY, manifest_cid TEXT, record TEXT NOT NULL) STRICT;
  CREATE INDEX items_by_manifest ON items (manifest_cid);
  CREATE TABLE named (name TEXT PRIMARY KEY, value TEXT) STRICT;
  `,
  `
  CREATE TABLE bucket (place TEXT NOT NULL, prefix TEXT NOT NULL) STRICT;
  CREATE TABLE objects (
    serial INTEGER NOT NULL,
    start INTEGER NOT NULL,
    count INTEGER NOT NULL,
    held BLOB NOT NULL,
    PRIMARY KEY (serial, start, count)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE items ADD COLUMN standing TEXT;
  ALTER TABLE items ADD COLUMN swarm_id TEXT;
  ALTER TABLE items ADD COLUMN blocks INTEGER;
  ALTER TABLE items ADD COLUMN created_at INTEGER;
  CREATE INDEX items_by_standing ON items (standing, swarm_id, blocks);
  CREATE INDEX items_by_age ON items (created_at, id);
  `,
  `
  ALTER TABLE items ADD COLUMN kept_until INTEGER;
  ALTER TABLE items ADD COLUMN kept_bytes INTEGER;
  ALTER TABLE items ADD COLUMN kept_peer TEXT;
  CREATE INDEX items_by_swarm ON items (swarm_id) WHERE swarm_id IS NOT NULL;
  CREATE INDEX items_by_end ON items (standing, kept_until) WHERE kept_until IS NOT NULL;
  CREATE INDEX items_by_keeping ON items (kept_peer, kept_bytes) WHERE kept_peer IS NOT NULL;
  UPDATE items SET standing = NULL WHERE standing = 'kept';
  `
]
