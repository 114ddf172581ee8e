-- The starter index: five skills in each version of SFIA, so that a fresh register can take a role. Facts only: the
-- framework's texts are licensed, and sfia:load brings the whole index from the department's own spreadsheet.

insert into sfia_versions (version) values ('6'), ('7'), ('8'), ('9');

with starter (version, code, name, category, subcategory, levels) as (
  values
    ('6', 'DESN', 'Systems design', 'Development and implementation', 'Systems development', '{2,3,4,5,6}'),
    ('6', 'PBMG', 'Problem management', 'Delivery and operation', 'Service operation', '{3,4,5}'),
    ('6', 'PROG', 'Programming/software development', 'Development and implementation', 'Systems development', '{2,3,4,5}'),
    ('6', 'SINT', 'Systems integration', 'Development and implementation', 'Installation and integration', '{2,3,4,5,6}'),
    ('6', 'USUP', 'Incident management', 'Delivery and operation', 'Service operation', '{2,3,4,5}'),
    ('7', 'DESN', 'Systems design', 'Development and implementation', 'Systems development', '{4,5,6}'),
    ('7', 'PBMG', 'Problem management', 'Delivery and operation', 'Service operation', '{3,4,5}'),
    ('7', 'PROG', 'Programming/software development', 'Development and implementation', 'Systems development', '{2,3,4,5,6}'),
    ('7', 'SINT', 'Systems integration and build', 'Development and implementation', 'Installation and integration', '{2,3,4,5,6}'),
    ('7', 'USUP', 'Incident management', 'Delivery and operation', 'Service operation', '{2,3,4,5}'),
    ('8', 'DESN', 'Systems design', 'Development and implementation', 'Systems development', '{3,4,5,6}'),
    ('8', 'PBMG', 'Problem management', 'Delivery and operation', 'Service management', '{3,4,5}'),
    ('8', 'PROG', 'Programming/software development', 'Development and implementation', 'Systems development', '{2,3,4,5,6}'),
    ('8', 'SINT', 'Systems integration and build', 'Development and implementation', 'Systems development', '{2,3,4,5,6}'),
    ('8', 'USUP', 'Incident management', 'Delivery and operation', 'Service management', '{2,3,4,5}'),
    ('9', 'DESN', 'Systems design', 'Development and implementation', 'Systems development', '{2,3,4,5,6}'),
    ('9', 'PBMG', 'Problem management', 'Delivery and operation', 'Service management', '{2,3,4,5}'),
    ('9', 'PROG', 'Programming/software development', 'Development and implementation', 'Systems development', '{2,3,4,5,6}'),
    ('9', 'SINT', 'Systems integration and build', 'Development and implementation', 'Systems development', '{2,3,4,5,6}'),
    ('9', 'USUP', 'Incident management', 'Delivery and operation', 'Service management', '{1,2,3,4,5,6}')
), starter_skills as (
  insert into sfia_skills (version, code, name, category, subcategory)
  select version, code, name, category, subcategory from starter
)
insert into sfia_levels (version, code, level)
select version, code, unnest(levels::smallint[]) from starter;
