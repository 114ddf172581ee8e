-- Finding roles: everything that the list filters by and sorts by stands in its one row of role_search.

alter table role_search
  add column title text,
  -- What the latest version says of itself in codes, each with the name of its filter: `grade SEO`, `skill python`,
  -- `sfia PROG`, `sfia PROG:3`. One column, since one index then answers for whatever filters are given together.
  add column tags text[];

update role_search s set
  title = coalesce(item ->> 'title', ''),
  tags = array(
    select 'organisation ' || organisation
    union all select 'profession ' || profession where profession is not null
    union all select 'family ' || family where family is not null
    union all select distinct 'grade ' || grade from unnest(grades) grade
    union all select 'skill ' || skill from role_skills r where r.role = s.role and r.state = 'published'
    union all select 'sfia ' || code from role_sfia_levels r where r.role = s.role and r.state = 'published'
    union all select 'sfia ' || code || ':' || level from role_sfia_levels r where r.role = s.role and r.state = 'published'
    union all select 'sfia_version ' || (v.document ->> 'sfia_version')
      from roles r join role_versions v on v.role = r.slug and v.version = r.version
      where r.slug = s.role and v.document ->> 'sfia_version' is not null);

alter table role_search
  alter column title set not null,
  alter column tags set not null,
  -- The beginning is enough to sort by, and bounds what a cursor holds.
  add column title_key text not null generated always as (left(lower(title), 60)) stored,
  -- The words of the titles alone: what stands there comes first, and no long vector need be read to know it.
  add column title_words tsvector not null generated always as (ts_filter(words, '{a}')) stored,
  -- Out of line as ever, but uncompressed: looking a word up in it then reads a third of the time.
  alter column words set storage external,
  drop column organisation,
  drop column profession,
  drop column family,
  drop column grades;

create index role_search_title_key_role_idx on role_search (title_key, role);
create index role_search_published_at_role_idx on role_search (published_at, role);
drop index role_search_published_at_idx, role_search_words_idx;
-- What waits to be merged into it is read by every search, so little may wait.
create index role_search_filters_idx on role_search using gin (tags, title_words, words)
  with (gin_pending_list_limit = 256);
-- The titles nearest to a query in which words are misspelt, nearest first.
create index role_search_title_idx on role_search using gist (title gist_trgm_ops (siglen = 64));
