-- The register: organisations, the catalogues that documents refer to, roles with their versions, and what is known
-- of every change. A document is one value; every other table about it is derived in the same transaction.

create extension if not exists pg_trgm;

-- What must never change is kept so by the database itself, not by the manners of its callers.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are never changed', tg_table_name using errcode = 'restrict_violation';
end
$$;

create table organisations (
  slug text not null,
  name text not null,
  homepage_url text,
  -- Who changed a role may then not publish it.
  four_eyes boolean not null default false,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint organisations_pkey primary key (slug)
);

create table sfia_versions (
  version text not null,
  -- False while only the starter index is loaded: an unknown code may then exist all the same.
  complete boolean not null default false,
  -- Digest of what was loaded, so that loading the same again is seen to be a no-op.
  digest text,
  loaded_at timestamptz not null default now(),
  constraint sfia_versions_pkey primary key (version),
  constraint sfia_versions_version_check check (version in ('6', '7', '8', '9'))
);

create table sfia_skills (
  version text not null,
  code text not null,
  name text not null,
  category text not null,
  subcategory text not null,
  constraint sfia_skills_pkey primary key (version, code),
  constraint sfia_skills_version_fkey foreign key (version) references sfia_versions (version)
);

create table sfia_levels (
  version text not null,
  code text not null,
  level smallint not null,
  -- Mappings refer to this key, so the database itself refuses DESN 3 in SFIA 7.
  constraint sfia_levels_pkey primary key (version, code, level),
  constraint sfia_levels_version_code_fkey foreign key (version, code) references sfia_skills (version, code),
  constraint sfia_levels_level_check check (level between 1 and 7)
);

create table skills (
  slug text not null,
  name text not null,
  description text,
  -- What the skill means at each of the four levels; json, not jsonb, so that members keep their order.
  level_descriptions json not null,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint skills_pkey primary key (slug)
);
create unique index skills_name_key on skills (lower(name));
create index skills_name_idx on skills using gin (name gin_trgm_ops);

create table shared_sections (
  slug text not null,
  organisation text not null,
  kind text not null,
  heading text not null,
  blocks json not null,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint shared_sections_pkey primary key (slug),
  constraint shared_sections_organisation_fkey foreign key (organisation) references organisations (slug)
);
create index shared_sections_organisation_slug_idx on shared_sections (organisation, slug);

create table roles (
  -- The only key in addresses, so the only key here: fixed once the role exists.
  slug text not null,
  organisation text not null,
  -- The draft. json keeps the bytes as written, which are canonical, so a read sends them as they are.
  document json not null,
  title text generated always as (document ->> 'title') stored,
  revision integer not null default 1,
  -- The highest number ever given to an id of each kind: a number is never used twice in one role.
  id_serials json not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  updated_by text,
  -- The latest version, and the revision that it was made from: the draft differs from it if its revision is higher.
  version integer,
  published_at timestamptz,
  published_revision integer,
  -- In review while it equals revision: any edit ends a review by itself.
  submitted_revision integer,
  submitted_by text,
  submitted_at timestamptz,
  withdrawn_at timestamptz,
  withdrawal_reason text,
  successor text,
  constraint roles_pkey primary key (slug),
  constraint roles_organisation_fkey foreign key (organisation) references organisations (slug),
  constraint roles_successor_fkey foreign key (successor) references roles (slug)
);
create index roles_organisation_slug_idx on roles (organisation, slug);
create index roles_title_idx on roles using gin (title gin_trgm_ops);

create table role_versions (
  role text not null,
  version integer not null,
  published_at timestamptz not null,
  change_note text not null,
  change_kind text not null,
  -- The final bytes of the published role, UTF-8, and the base64url SHA-256 of them.
  body text not null,
  digest text not null,
  -- The draft that it was made from: going back to a version means going back to this.
  document json not null,
  constraint role_versions_pkey primary key (role, version),
  constraint role_versions_role_fkey foreign key (role) references roles (slug),
  constraint role_versions_version_check check (version >= 1),
  constraint role_versions_change_kind_check check (change_kind in ('editorial', 'substantive'))
);
create trigger role_versions_refuse_change before update or delete on role_versions
  for each row execute function refuse_change();
create trigger role_versions_refuse_truncate before truncate on role_versions
  for each statement execute function refuse_change();

-- What a document refers to, of the draft and of the latest version: keys only, for foreign keys and for "used by".
create table role_skills (
  role text not null,
  state text not null,
  skill text not null,
  constraint role_skills_pkey primary key (role, state, skill),
  constraint role_skills_role_fkey foreign key (role) references roles (slug) on delete cascade,
  constraint role_skills_skill_fkey foreign key (skill) references skills (slug),
  constraint role_skills_state_check check (state in ('draft', 'published'))
);
create index role_skills_skill_idx on role_skills (skill);

create table role_sfia_levels (
  role text not null,
  state text not null,
  version text not null,
  code text not null,
  level smallint not null,
  constraint role_sfia_levels_pkey primary key (role, state, code),
  constraint role_sfia_levels_role_fkey foreign key (role) references roles (slug) on delete cascade,
  -- Deferred, so that loading a version can replace its levels.
  constraint role_sfia_levels_version_code_level_fkey foreign key (version, code, level)
    references sfia_levels (version, code, level) deferrable initially deferred,
  constraint role_sfia_levels_state_check check (state in ('draft', 'published'))
);
create index role_sfia_levels_version_code_level_idx on role_sfia_levels (version, code, level);
create index role_sfia_levels_code_idx on role_sfia_levels (code, level, role) where state = 'published';

create table role_shared_sections (
  role text not null,
  state text not null,
  shared_section text not null,
  -- The revision that the version printed; null in a draft, which always prints the newest.
  revision integer,
  constraint role_shared_sections_pkey primary key (role, state, shared_section),
  constraint role_shared_sections_role_fkey foreign key (role) references roles (slug) on delete cascade,
  constraint role_shared_sections_shared_section_fkey foreign key (shared_section) references shared_sections (slug),
  constraint role_shared_sections_state_check check (state in ('draft', 'published'))
);
create index role_shared_sections_shared_section_idx on role_shared_sections (shared_section);

-- One row for each role that is published now: what lists filter by, and the list item itself.
create table role_search (
  role text not null,
  organisation text not null,
  profession text,
  family text,
  grades text[] not null,
  published_at timestamptz not null,
  item json not null,
  words tsvector not null,
  constraint role_search_pkey primary key (role),
  constraint role_search_role_fkey foreign key (role) references roles (slug)
);
create index role_search_organisation_role_idx on role_search (organisation, role);
create index role_search_profession_role_idx on role_search (profession, role);
create index role_search_family_role_idx on role_search (family, role);
create index role_search_published_at_idx on role_search (published_at);
create index role_search_grades_idx on role_search using gin (grades);
create index role_search_words_idx on role_search using gin (words);

-- The feed's numbers come from one row that is locked until commit: no gap, and in the order of commits.
create table feed_counter (
  id boolean not null default true,
  position bigint not null default 0,
  constraint feed_counter_pkey primary key (id),
  constraint feed_counter_id_check check (id)
);
insert into feed_counter default values;

-- One row for each change: the audit log, the source of the change feed and the outbox.
create table events (
  id bigint generated always as identity,
  -- Of public events only.
  position bigint,
  type text not null,
  occurred_at timestamptz not null default clock_timestamp(),
  -- The credential that did it, and the person or system that owns the credential; null is the register itself.
  actor text,
  owner text,
  organisation text,
  role text,
  -- What was changed where it is not a role: the path of the thing.
  subject text,
  revision integer,
  version integer,
  before_digest text,
  after_digest text,
  request_id text,
  data json not null default '{}',
  constraint events_pkey primary key (id),
  constraint events_position_key unique (position)
);
create index events_role_id_idx on events (role, id);
create index events_organisation_id_idx on events (organisation, id);
create index events_type_id_idx on events (type, id);
create index events_actor_id_idx on events (actor, id);
create index events_occurred_at_idx on events (occurred_at);
create trigger events_refuse_change before update or delete on events
  for each row execute function refuse_change();
create trigger events_refuse_truncate before truncate on events
  for each statement execute function refuse_change();

-- The reply to a write, kept for a day so that a retry gets the same.
create table idempotency_keys (
  caller text not null,
  key text not null,
  -- Digest of method, address, precondition and body.
  fingerprint text not null,
  status smallint not null,
  headers json not null,
  -- Null where the reply held a secret, which is shown once.
  body text,
  created_at timestamptz not null default now(),
  constraint idempotency_keys_pkey primary key (caller, key)
);
create index idempotency_keys_created_at_idx on idempotency_keys (created_at);

create table api_keys (
  -- The eight characters that stand in the key itself: one look-up, and safe to log.
  id text not null,
  -- HMAC-SHA-256 of the key's secret part with the pepper, base64url.
  hash text not null,
  name text not null,
  organisation text not null,
  owner text not null,
  owner_kind text not null,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  created_by text,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  -- The key that took this one's place, while both work.
  rotated_to text,
  constraint api_keys_pkey primary key (id),
  constraint api_keys_organisation_fkey foreign key (organisation) references organisations (slug),
  constraint api_keys_rotated_to_fkey foreign key (rotated_to) references api_keys (id),
  constraint api_keys_owner_kind_check check (owner_kind in ('person', 'system'))
);
create index api_keys_organisation_idx on api_keys (organisation, id);

create table imports (
  id uuid not null default gen_random_uuid(),
  organisation text not null,
  role text not null,
  created_at timestamptz not null default now(),
  created_by text,
  report json not null,
  constraint imports_pkey primary key (id),
  constraint imports_organisation_fkey foreign key (organisation) references organisations (slug),
  constraint imports_role_fkey foreign key (role) references roles (slug) on delete cascade
);
create index imports_role_idx on imports (role);
