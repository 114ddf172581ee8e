-- Lists of vacancies: whatever filters are given together, a page reads a part of the table that its size does not change.

-- One index answers for all filters by value, alone and together.
create index vacancies_values_idx on vacancies
  using gin ((array[organisation]), (array[role]), (array[profession]), (array[family]), grades, regions)
  -- What waits to be merged into it is read by every list, so little may wait.
  with (gin_pending_list_limit = 256);
drop index vacancies_profession_id_idx, vacancies_grades_idx, vacancies_regions_idx;

-- What is open, was never open, or was withdrawn is a small part, which is listed in its order; see statesOf. Closed ones are
-- nearly all.
create index vacancies_open_idx on vacancies (id) where state in ('scheduled', 'open');
create index vacancies_draft_idx on vacancies (id) where state in ('draft', 'scheduled');
create index vacancies_withdrawn_idx on vacancies (id) where state = 'withdrawn';
drop index vacancies_state_id_idx;

-- Vacancies that a later version of their role has left behind are found from the roles.
create index vacancies_role_version_id_idx on vacancies (role, version, id);
drop index vacancies_role_id_idx;
