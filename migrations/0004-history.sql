-- What an import changed is told as a JSON Patch from now on. What earlier reports say keeps its words in the new form.

update imports set report = jsonb_set(
  report::jsonb,
  '{changes}',
  (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'op', case entry ->> 'change' when 'added' then 'add' when 'removed' then 'remove' else 'replace' end,
          'path', entry -> 'pointer',
          'from', null,
          'value', entry -> 'to',
          'before', entry -> 'from',
          'what', entry -> 'what',
          'words', '[]'::jsonb
        ) order by place
      ),
      '[]'
    )
    from jsonb_array_elements(report::jsonb -> 'changes') with ordinality as changes (entry, place)
  )
)::json
where json_array_length(report -> 'changes') > 0;
