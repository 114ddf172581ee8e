-- Vacancies: openings made from a published version of a role.

create table vacancies (
  -- Random: a running number would tell everybody how many drafts others have.
  id text not null default gen_random_uuid()::text,
  organisation text not null,
  role text not null,
  version integer not null,
  -- What GET answers with and PUT takes, without its status; json keeps the bytes as written, which are canonical.
  document json not null,
  -- The same with the texts of shared sections as the advert prints them; null while they follow the shared sections.
  printed json,
  -- What was written last. By the clock it may be past already, until the job has written that too.
  state text not null default 'draft',
  opens_at timestamptz,
  closes_at timestamptz,
  -- The instant of the next change that only waits for the clock.
  next_change_at timestamptz generated always as
    (case state when 'scheduled' then opens_at when 'open' then closes_at end) stored,
  withdrawn_at timestamptz,
  withdrawal_reason text,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  updated_by text,
  -- What lists filter by, and the part of the list item that only a write changes.
  profession text,
  family text,
  grades text[] not null,
  regions text[] not null,
  item json not null,
  constraint vacancies_pkey primary key (id),
  constraint vacancies_organisation_fkey foreign key (organisation) references organisations (slug),
  constraint vacancies_role_version_fkey foreign key (role, version) references role_versions (role, version),
  constraint vacancies_state_check check (state in ('draft', 'scheduled', 'open', 'closed', 'withdrawn')),
  constraint vacancies_instants_check check (opens_at < closes_at),
  constraint vacancies_next_change_check
    check (state not in ('scheduled', 'open') or (opens_at is not null and closes_at is not null and printed is not null))
);
create index vacancies_next_change_at_idx on vacancies (next_change_at) where next_change_at is not null;
create index vacancies_organisation_id_idx on vacancies (organisation, id);
create index vacancies_role_id_idx on vacancies (role, id);
create index vacancies_state_id_idx on vacancies (state, id);
create index vacancies_profession_id_idx on vacancies (profession, id);
create index vacancies_updated_at_idx on vacancies (updated_at);
create index vacancies_grades_idx on vacancies using gin (grades);
create index vacancies_regions_idx on vacancies using gin (regions);

-- Which shared sections a vacancy uses that has not ended: keys only, for the foreign key and for "used by".
create table vacancy_shared_sections (
  vacancy text not null,
  shared_section text not null,
  constraint vacancy_shared_sections_pkey primary key (vacancy, shared_section),
  constraint vacancy_shared_sections_vacancy_fkey foreign key (vacancy) references vacancies (id) on delete cascade,
  constraint vacancy_shared_sections_shared_section_fkey foreign key (shared_section) references shared_sections (slug)
);
create index vacancy_shared_sections_shared_section_idx on vacancy_shared_sections (shared_section);
