// Bad input over HTTP: what a person is told, word for word, and that nothing is stored.
import t from 'tap'
import { exampleDocument } from '../src/document/schema.ts'
import { testApp } from './support/app.ts'
import { problemOf } from './support/problem.ts'
import { countRows, createRole } from './support/roles.ts'

interface Case {
  title: string
  line: string
  body?: unknown
  match?: string
  headers?: Record<string, string>
  status: number
  code: string
  detail: string
  /** Where it is not the one error that repeats the detail: what `errors` holds. */
  errors?: unknown[]
  /** The place of the one error. */
  pointer?: string
  /** The code of the one error. */
  error?: string
  also?: Record<string, unknown>
  expectedHeaders?: Record<string, string>
}

const draft = '/v1/roles/bad/draft'
const post = 'POST /v1/roles?slug=new'
const bullets = (count: number) => Array.from({ length: count }, (_, index) => ({ text: `Bullet ${index}` }))
const sectionWith = (block: unknown) => ({ sections: [{ kind: 'other', heading: 'Other', blocks: [block] }] })
const kinds =
  'organisation_overview, profession_overview, role_summary, responsibilities, person_specification, skills_experience, working_with, capabilities, skills_framework, selection, benefits, terms, security, nationality, diversity, further_information, appendix, other'
const members =
  'title, alternative_titles, profession, family, grades, behaviours, sections, skills, sfia_version, sfia_mappings, advert_details'
const grades = 'AA, AO, EO, HEO, SEO, G7, G6, SCS1, SCS2, SCS3, SCS4'

const malformed = (title: string, body: unknown, detail: string, more: Partial<Case> = {}): Case => ({
  title,
  line: post,
  body,
  status: 400,
  code: 'malformed_body',
  detail,
  errors: [],
  ...more,
})
const invalid = (title: string, body: unknown, pointer: string, error: string, detail: string, line = post): Case => ({
  title,
  line,
  body,
  ...(line === post ? {} : { match: '"r1"' }),
  status: 422,
  code: 'invalid',
  detail,
  pointer,
  error,
})

const cases: Case[] = [
  malformed(
    'broken JSON',
    '{"title": "A",\n "grades": [}',
    'The body is not JSON: it cannot be read at line 2, column 13.',
  ),
  malformed('JSON cut short', '{"title": "A"', 'The body is not JSON: it cannot be read at line 1, column 14.'),
  malformed('single quotes', "{'title': 'A'}", 'The body is not JSON: it cannot be read at line 1, column 2.'),
  malformed('no body', '', 'The body is empty; this operation takes JSON.'),
  malformed('a body of white space', ' \n ', 'The body is empty; this operation takes JSON.'),
  malformed('text that is not UTF-8', Buffer.from('{"title": "Caf\xe9"}', 'latin1'), 'The body must be JSON in UTF-8.'),
  malformed('UTF-16', Buffer.from('\ufeff{"title": "A"}', 'utf16le'), 'The body must be JSON in UTF-8.'),
  malformed('a member twice', '{"title": "A", "title": "B"}', '"title" stands twice in one object.', {
    pointer: '/title',
    error: 'duplicate_member',
  }),
  malformed(
    'a NUL',
    '{"grades": [{"code": "a\\u0000b"}]}',
    'Text may hold no NUL, no other control character and no lone surrogate.',
    {
      pointer: '/grades/0/code',
      error: 'unstorable_character',
    },
  ),
  malformed(
    'half a character',
    '{"title": "\\ud83d"}',
    'Text may hold no NUL, no other control character and no lone surrogate.',
    {
      pointer: '/title',
      error: 'unstorable_character',
    },
  ),
  malformed('__proto__', '{"__proto__": {"admin": true}}', 'No member may be named "__proto__".', {
    pointer: '/__proto__',
    error: 'unknown_member',
  }),
  malformed(
    'a number that cannot be kept',
    '{"advert_details": {"salary": {"min": 9007199254740993}}}',
    'Numbers beyond 2^53 cannot be kept exactly.',
    {
      pointer: '/advert_details/salary/min',
      error: 'too_large',
    },
  ),
  malformed(
    'lists nested 100 deep',
    `{"sections": ${'['.repeat(100)}${']'.repeat(100)}}`,
    'The body is more than 32 levels deep.',
    {
      pointer: `/sections${'/0'.repeat(31)}`,
      error: 'too_deep',
    },
  ),
  {
    title: '2 MiB of JSON',
    line: post,
    body: JSON.stringify({ title: 'x'.repeat(2 * 1024 * 1024) }),
    status: 413,
    code: 'too_large',
    detail: 'The body may have at most 1 MiB.',
    errors: [],
  },
  invalid('a list for an object', [], '', 'wrong_type', 'This must be an object; it is a list.'),
  invalid('null for an object', null, '', 'wrong_type', 'This must be an object; it is null.'),
  invalid('a number for text', { title: 5 }, '/title', 'wrong_type', 'This must be a string or null; it is a number.'),
  invalid(
    'text for a list',
    { grades: 'SEO' },
    '/grades',
    'wrong_type',
    'This must be a list; it is the string "SEO".',
  ),
  invalid(
    'text for a number',
    { advert_details: { salary: { min: '40000' } } },
    '/advert_details/salary/min',
    'wrong_type',
    'This must be a number or null; it is the string "40000".',
  ),
  invalid('null for a list', { skills: null }, '/skills', 'wrong_type', 'This must be a list; it is null.'),
  invalid(
    'an unknown member',
    { titel: 'A' },
    '/titel',
    'unknown_member',
    `There is no "titel" here. Did you mean "title"? Known: ${members}.`,
  ),
  invalid(
    'a member of the published role',
    { version: 3 },
    '/version',
    'unknown_member',
    `There is no "version" here. Known: ${members}.`,
  ),
  invalid('a blank title', { title: '  ' }, '/title', 'blank', 'This must not be blank.'),
  invalid('an empty title', { title: '' }, '/title', 'blank', 'This must not be blank.'),
  invalid(
    'a title too long',
    { title: 'x'.repeat(201) },
    '/title',
    'too_long',
    'This may have at most 200 characters.',
  ),
  invalid(
    'a text too long',
    sectionWith({ type: 'paragraph', text: 'x'.repeat(10_001) }),
    '/sections/0/blocks/0/text',
    'too_long',
    'This may have at most 10000 characters.',
  ),
  invalid(
    'a grade’s name for its code',
    { grades: [{ code: 'Senior Executive Officer' }] },
    '/grades/0/code',
    'not_in_list',
    `"Senior Executive Officer" is not a grade code. Did you mean SEO? The codes are ${grades}.`,
  ),
  invalid(
    'the same grade twice',
    { grades: [{ code: 'SEO' }, { code: 'HEO' }, { code: 'SEO' }] },
    '/grades/2',
    'duplicate',
    'The grade SEO stands in the list already.',
  ),
  invalid(
    'a grade’s code misspelt',
    { grades: [{ code: 'HEO+' }] },
    '/grades/0/code',
    'not_in_list',
    `"HEO+" is not a grade code. Did you mean HEO? The codes are ${grades}.`,
  ),
  invalid(
    'a profession by its name',
    { profession: 'Digital and Data' },
    '/profession',
    'not_in_list',
    '"Digital and Data" is not one of: commercial, communications, corporate_finance, counter_fraud, debt, digital_and_data, economics, finance, geography, grants, human_resources, intelligence_analysis, internal_audit, international_trade, knowledge_and_information_management, legal, medical, occupational_psychology, operational_delivery, operational_research, …. Did you mean "digital_and_data"?',
  ),
  invalid(
    'a kind of section that is none',
    { sections: [{ kind: 'summary', heading: 'Summary' }] },
    '/sections/0/kind',
    'not_in_list',
    `"summary" is not one of: ${kinds}.`,
  ),
  invalid(
    'a type of block that is none',
    sectionWith({ type: 'bullets', items: [] }),
    '/sections/0/blocks/0/type',
    'not_in_list',
    '"bullets" is not a type of block: paragraph, subheading, note, list, skills, sfia_mappings or advert_details.',
  ),
  invalid(
    'a list without items',
    sectionWith({ type: 'list', items: [] }),
    '/sections/0/blocks/0/items',
    'too_few',
    'This list must have at least 1 item.',
  ),
  invalid(
    '10,000 bullets in a list',
    sectionWith({ type: 'list', items: bullets(10_000) }),
    '/sections/0/blocks/0/items',
    'too_many',
    'This list may have at most 200 items; it has 10000.',
  ),
  invalid(
    '61 sections',
    { sections: bullets(61).map(({ text }) => ({ kind: 'other', heading: text })) },
    '/sections',
    'too_many',
    'This list may have at most 60 items; it has 61.',
  ),
  invalid(
    '201 skills',
    { skills: bullets(201).map(({ text }) => ({ statement: text })) },
    '/skills',
    'too_many',
    'This list may have at most 200 items; it has 201.',
  ),
  invalid(
    'a script for a link',
    sectionWith({ type: 'paragraph', text: '[click](javascript:alert(1))' }),
    '/sections/0/blocks/0/text',
    'wrong_text',
    'Links go to https, http or mailto addresses, not to "javascript:alert(1)". A text holds CommonMark emphasis, strong, code, and links to https, http or mailto addresses',
  ),
  invalid(
    'skill level 3',
    { skills: [{ statement: 'Writes', level: 3 }] },
    '/skills/0/level',
    'not_in_list',
    '3 is not one of: awareness, working, practitioner, expert.',
  ),
  invalid(
    'a country that there is not',
    { advert_details: { locations: [{ text: 'London', country: 'UK' }] } },
    '/advert_details/locations/0/country',
    'not_in_list',
    '"UK" is no code of ISO 3166-1 alpha-2. Did you mean "GB"?',
  ),
  invalid(
    'a country that nobody has',
    { advert_details: { locations: [{ text: 'London', country: 'ZZ' }] } },
    '/advert_details/locations/0/country',
    'not_in_list',
    '"ZZ" is no code of ISO 3166-1 alpha-2.',
  ),
  invalid(
    'a currency with its letters swapped',
    { advert_details: { salary: { currency: 'GPB' } } },
    '/advert_details/salary/currency',
    'not_in_list',
    '"GPB" is no code of ISO 4217. Did you mean "GBP"?',
  ),
  invalid(
    'a currency that is near none',
    { advert_details: { salary: { currency: 'XYZ' } } },
    '/advert_details/salary/currency',
    'not_in_list',
    '"XYZ" is no code of ISO 4217.',
  ),
  invalid('SFIA version 10', { sfia_version: '10' }, '/sfia_version', 'not_in_list', '"10" is not one of: 6, 7, 8, 9.'),
  invalid(
    'SFIA level 8',
    { sfia_version: '9', sfia_mappings: [{ code: 'PROG', level: 8 }] },
    '/sfia_mappings/0/level',
    'too_large',
    'This must be 7 or less; it is 8.',
  ),
  invalid(
    'a level that the skill lacks in that version',
    { sfia_version: '7', sfia_mappings: [{ code: 'DESN', level: 3 }] },
    '/sfia_mappings/0/level',
    'sfia_level_not_valid',
    'DESN has levels 4, 5, 6 in SFIA 7.',
  ),
  invalid(
    'a code in small letters',
    { sfia_version: '9', sfia_mappings: [{ code: 'prog', level: 3 }] },
    '/sfia_mappings/0/code',
    'wrong_form',
    '"prog" does not fit: A SFIA skill code: four capital letters. Did you mean "PROG"?',
  ),
  invalid(
    'a mapping twice in one document',
    {
      sfia_version: '9',
      sfia_mappings: [
        { code: 'PROG', level: 3 },
        { code: 'PROG', level: 4 },
      ],
    },
    '/sfia_mappings/1/code',
    'duplicate',
    'PROG is mapped already: a role has one level of each SFIA skill.',
  ),
  {
    title: 'what the document and the catalogues find wrong, at once',
    line: post,
    body: {
      grades: [{ code: 'SEO' }, { code: 'SEO' }],
      sections: [{ kind: 'benefits', heading: 'Benefits', shared_section: 'nothing', blocks: [] }],
      skills: [{ statement: 'Can do it', skill: 'nothing' }],
      sfia_version: '9',
      sfia_mappings: [{ code: 'PORG', level: 3 }],
    },
    status: 422,
    code: 'invalid',
    detail: '4 things are not valid; errors lists them.',
    errors: [
      { pointer: '/grades/1', code: 'duplicate', detail: 'The grade SEO stands in the list already.' },
      {
        pointer: '/skills/0/skill',
        code: 'unknown_skill',
        detail: 'The skill catalogue has no "nothing". Add it there first, or leave the member null.',
      },
      {
        pointer: '/sections/0/shared_section',
        code: 'unknown_shared_section',
        detail: 'home-office has no shared section "nothing".',
      },
      {
        pointer: '/sfia_mappings/0/code',
        code: 'sfia_not_loaded',
        detail:
          'PORG is not among the few skills of SFIA 9 that are loaded. Load its spreadsheet with sfia:load. Did you mean PROG?',
      },
    ],
  },
  {
    title: 'the same mapping twice',
    line: `POST ${draft}/sfia-mappings`,
    body: { code: 'PROG', level: 4 },
    status: 409,
    code: 'already_exists',
    detail: 'PROG is mapped already. Change its level with PUT at its own address.',
    errors: [],
  },
  {
    title: 'several things wrong at once',
    line: post,
    body: { title: 1, grades: [{}], skills: [{ level: 'guru' }], extra: true },
    status: 422,
    code: 'invalid',
    detail: '5 things are not valid; errors lists them.',
    errors: [
      { pointer: '/extra', code: 'unknown_member', detail: `There is no "extra" here. Known: ${members}.` },
      { pointer: '/title', code: 'wrong_type', detail: 'This must be a string or null; it is a number.' },
      { pointer: '/grades/0/code', code: 'missing_member', detail: '"code" is missing.' },
      { pointer: '/skills/0/statement', code: 'missing_member', detail: '"statement" is missing.' },
      {
        pointer: '/skills/0/level',
        code: 'not_in_list',
        detail: '"guru" is not one of: awareness, working, practitioner, expert.',
      },
    ],
  },
  {
    title: 'a bad slug',
    line: 'POST /v1/roles?slug=Data_Engineer',
    body: {},
    status: 400,
    code: 'invalid_query',
    detail: 'slug: "Data_Engineer" does not fit: Lower-case letters and digits, in groups joined by single hyphens.',
    pointer: '?slug',
    error: 'wrong_form',
  },
  {
    title: 'a day that there is not',
    line: 'POST /v1/vacancies',
    body: { role: 'bad', opens_at: '2027-02-30T10:00:00Z' },
    status: 422,
    code: 'invalid',
    detail: '"2027-02-30T10:00:00Z" is no instant: there is no such time.',
    pointer: '/opens_at',
    error: 'wrong_form',
  },
  {
    title: 'a bad slug for an import',
    line: 'POST /v1/imports?slug=Data_Engineer',
    headers: { 'content-type': 'text/markdown' },
    body: '# Data Engineer',
    status: 400,
    code: 'invalid_query',
    detail: 'slug: "Data_Engineer" does not fit: Lower-case letters and digits, in groups joined by single hyphens.',
    pointer: '?slug',
    error: 'wrong_form',
  },
  {
    title: 'a word for true or false',
    line: 'POST /v1/roles?slug=new&dry_run=yes',
    body: {},
    status: 400,
    code: 'invalid_query',
    detail: 'dry_run: This must be true or false; it is the string "yes".',
    pointer: '?dry_run',
    error: 'wrong_type',
  },
  {
    title: 'a section before one that is not there',
    line: 'POST /v1/roles/bad/draft/sections?before=nope',
    body: { kind: 'role_summary', heading: 'About the role', blocks: [] },
    status: 422,
    code: 'invalid',
    detail: 'The draft has no section "nope".',
    pointer: '?before',
    error: 'unknown_section',
  },
  {
    title: 'a duplicate slug',
    line: 'POST /v1/roles?slug=bad',
    body: {},
    status: 409,
    code: 'slug_taken',
    detail: 'The slug "bad" is taken. Choose another with ?slug=, or change the role that has it.',
    errors: [],
    also: { existing: '/v1/roles/bad/draft' },
    expectedHeaders: { link: '</v1/roles/bad/draft>; rel="related"' },
  },
  {
    title: 'an unknown query parameter',
    line: 'POST /v1/roles?slug=new&organization=home-office',
    body: {},
    status: 400,
    code: 'invalid_query',
    detail:
      'organization: There is no "organization" here. Did you mean "organisation"? Known: organisation, slug, dry_run.',
    pointer: '?organization',
    error: 'unknown_member',
  },
  {
    title: 'If-Match without quotes',
    line: `PATCH ${draft}`,
    body: { title: 'New' },
    match: 'r1',
    status: 400,
    code: 'malformed_header',
    detail: 'If-Match is not an entity tag. Write it with double quotes: "r1"',
    errors: [],
  },
  {
    title: 'no If-Match',
    line: `PATCH ${draft}`,
    body: { title: 'New' },
    status: 428,
    code: 'precondition_required',
    detail: 'Send the ETag of what you read in If-Match, such as If-Match: "r1".',
    errors: [],
  },
  {
    title: 'a body where none is taken',
    line: `DELETE ${draft}`,
    body: { all: true },
    match: '"r1"',
    status: 400,
    code: 'malformed_body',
    detail: 'This operation takes no body. Send the request without one.',
    errors: [],
  },
  ...(
    [
      ['a misspelt member to be removed', { profesion: null }, '/profesion', 'profession', members],
      [
        'one within another',
        { advert_details: { salery: null, hours: null } },
        '/advert_details/salery',
        'salary',
        'reference_number, salary, role_types, locations, business_area, contract_types, working_patterns, hours, reports_to, additional',
      ],
    ] as const
  ).map(
    ([title, body, pointer, near, known]): Case => ({
      title,
      line: `PATCH ${draft}`,
      body,
      match: '"r1"',
      status: 422,
      code: 'invalid',
      detail: `There is no "${pointer.split('/').at(-1)}" here. Did you mean "${near}"? Known: ${known}.`,
      pointer,
      error: 'unknown_member',
    }),
  ),
  {
    title: 'a stale If-Match',
    line: `PATCH ${draft}`,
    body: { title: 'New' },
    match: '"r7"',
    status: 412,
    code: 'precondition_failed',
    detail: 'The draft is now at "r1".',
    errors: [],
    also: { current_etag: '"r1"', changed: [] },
  },
  {
    title: 'an unknown role',
    line: 'GET /v1/roles/no-such-role/draft',
    status: 404,
    code: 'not_found',
    detail: 'There is no role "no-such-role" that you may read.',
    errors: [],
  },
  {
    title: 'a section of another role',
    line: `GET ${draft}/sections/benefits`,
    status: 404,
    code: 'not_found',
    detail: 'There is no section "benefits" that you may read.',
    errors: [],
  },
  {
    title: 'an address where nothing is',
    line: 'GET /v1/rolls',
    status: 404,
    code: 'not_found',
    detail: 'Nothing stands at this address.',
    errors: [],
  },
  {
    title: 'a slash too many',
    line: 'GET /v1/drafts/',
    status: 404,
    code: 'not_found',
    detail: 'Nothing stands at this address.',
    errors: [],
  },
  {
    title: 'a wrong method',
    line: `POST ${draft}`,
    body: {},
    status: 405,
    code: 'method_not_allowed',
    detail: 'POST is not a method of this address; it has DELETE, GET, HEAD, PATCH, PUT.',
    errors: [],
    expectedHeaders: { allow: 'DELETE, GET, HEAD, PATCH, PUT' },
  },
  {
    title: 'a wrong content type',
    line: post,
    body: '{}',
    headers: { 'content-type': 'text/plain' },
    status: 415,
    code: 'unsupported_media_type',
    detail: '"text/plain" is not taken here. Send the body as application/json.',
    errors: [],
  },
  {
    title: 'a merge patch where none is taken',
    line: `PUT ${draft}`,
    body: exampleDocument,
    match: '"r1"',
    headers: { 'content-type': 'application/merge-patch+json' },
    status: 415,
    code: 'unsupported_media_type',
    detail: '"application/merge-patch+json" is not taken here. Send the body as application/json.',
    errors: [],
  },
  {
    title: 'a JSON patch',
    line: `PATCH ${draft}`,
    body: '[]',
    match: '"r1"',
    headers: { 'content-type': 'application/json-patch+json' },
    status: 415,
    code: 'unsupported_media_type',
    detail:
      '"application/json-patch+json" is not taken here. Send the body as application/merge-patch+json or application/json.',
    errors: [],
    expectedHeaders: { 'accept-patch': 'application/merge-patch+json, application/json' },
  },
  {
    title: 'another character set',
    line: post,
    body: '{}',
    headers: { 'content-type': 'application/json; charset=iso-8859-1' },
    status: 415,
    code: 'unsupported_media_type',
    detail: 'The body must be in UTF-8, not "iso-8859-1".',
    errors: [],
  },
  {
    title: 'a packed body',
    line: post,
    body: '{}',
    headers: { 'content-encoding': 'gzip' },
    status: 415,
    code: 'unsupported_media_type',
    detail: 'Send the body without Content-Encoding; "gzip" is not understood.',
    errors: [],
    expectedHeaders: { 'accept-encoding': 'identity' },
  },
  {
    title: 'an Accept that excludes JSON',
    line: `GET ${draft}`,
    headers: { accept: 'text/html' },
    status: 406,
    code: 'not_acceptable',
    detail: 'This address answers with application/json; Accept excludes that.',
    errors: [],
  },
]

t.test('bad input', { timeout: 300_000 }, async t => {
  const { call, db } = await testApp(t)
  const { text } = await createRole(call, 'bad')
  const before = await countRows(db)
  for (const entry of cases) {
    const { title, line, status, code, detail, pointer, error, also = {}, expectedHeaders = {} } = entry
    await t.test(`${title} → ${status} ${code}`, async t => {
      const answer = await call(line, {
        ...(entry.body === undefined ? {} : { body: entry.body }),
        match: entry.match,
        headers: entry.headers ?? {},
      })
      const errors =
        pointer === undefined
          ? entry.errors
          : [{ pointer, code: error, detail: detail.replace(/^\w+: /, pointer.startsWith('?') ? '' : '$&') }]
      t.same(problemOf(answer), { status, code, detail, errors, ...also })
      for (const [name, value] of Object.entries(expectedHeaders)) t.equal(answer.headers[name], value)
      t.equal(answer.headers['cache-control'], 'no-store')
      t.same(await countRows(db), before, 'nothing is stored')
    })
  }
  const draftNow = await call(`GET ${draft}`)
  t.same([draftNow.text, draftNow.etag], [text, '"r1"'])
})
