-- The documents that drafts were imported from, as they came: people compare them with what was understood, and a second
-- import of the same bytes is known without reading them. Bounded: one file as large as an import takes, and of each role
-- the newest few, which src/imports/store.ts sees to.
create table import_originals (
  import uuid not null,
  media_type text not null,
  -- SHA-256 of the bytes, base64url.
  digest text not null,
  bytes bytea not null,
  constraint import_originals_pkey primary key (import),
  constraint import_originals_import_fkey foreign key (import) references imports (id) on delete cascade,
  constraint import_originals_bytes_check check (octet_length(bytes) <= 4194304)
);
-- Documents are compressed already, or soon gone: compressing them once more costs each import time.
alter table import_originals alter column bytes set storage external;

-- SHA-256 of the draft that the import left, base64url: a draft with another one was edited since. Null in imports from
-- before this migration.
alter table imports add column draft_digest text;

-- The newest import of a role is asked for.
create index imports_role_created_at_idx on imports (role, created_at);
drop index imports_role_idx;
