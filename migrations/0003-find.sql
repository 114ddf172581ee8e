-- Finding roles: everything that the list filters by and sorts by stands in its one row of role_search.

alter table role_search
  add column title text,
  add column skills text[] not null default '{}',
  -- `PROG:3`: the code with its level of responsibility.
  add column sfia text[] not null default '{}',
  add column sfia_version text;

-- Of the latest version, which is what a row is made from; both tables of references hold it as `published`.
update role_search s set
  title = coalesce(item ->> 'title', ''),
  skills = array(select skill from role_skills r where r.role = s.role and r.state = 'published' order by skill),
  sfia = array(
    select code || ':' || level from role_sfia_levels r where r.role = s.role and r.state = 'published' order by code),
  sfia_version = (
    select v.document ->> 'sfia_version' from role_versions v join roles r on r.slug = v.role and r.version = v.version
    where v.role = s.role);

alter table role_search
  alter column title set not null,
  alter column skills drop default,
  alter column sfia drop default,
  -- The beginning is enough to sort by, and bounds what a cursor holds.
  add column title_key text not null generated always as (left(lower(title), 60)) stored,
  -- The words of the titles alone: what stands there comes first, and no long vector need be read to know it.
  add column title_words tsvector not null generated always as (ts_filter(words, '{a}')) stored,
  -- Out of line as ever, but uncompressed: looking a word up in it then reads a third of the time.
  alter column words set storage external;

create index role_search_title_key_role_idx on role_search (title_key, role);
create index role_search_published_at_role_idx on role_search (published_at, role);
create index role_search_sfia_version_role_idx on role_search (sfia_version, role);
-- One inverted index for whatever filters are given together. What waits to be merged into it is read by every search.
create index role_search_filters_idx on role_search using gin (grades, skills, sfia, title_words, words)
  with (gin_pending_list_limit = 256);
-- The titles nearest to a query in which words are misspelt, nearest first.
create index role_search_title_idx on role_search using gist (title gist_trgm_ops (siglen = 64));
drop index role_search_published_at_idx, role_search_grades_idx, role_search_words_idx;
