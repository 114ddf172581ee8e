import { deepStrictEqual } from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { Kysely } from 'kysely'
import t from 'tap'
import writeXlsx from 'write-excel-file/node'
import type { Database } from '../../src/database/types.ts'
import { exampleDocument, type SfiaVersion } from '../../src/document/schema.ts'
import { loadSheet, readSheet } from '../../src/sfia/command.ts'
import { describeProblem, parseSfia, type SfiaIndexSkill } from '../../src/sfia/load.ts'
import {
  checkMappings,
  explainUnknownCode,
  findSfiaIndexes,
  findSfiaSkill,
  listSfiaSkills,
} from '../../src/sfia/store.ts'
import { retirements } from '../../src/sfia/successors.ts'
import { type Answer, testApp } from '../support/app.ts'
import { testDatabase, testFolder } from '../support/database.ts'
import { shared } from '../support/project.ts'

/** Rows of a table as CSV; every cell that needs quoting is quoted. */
const csv = (rows: readonly (readonly (string | number | null)[])[], separator = ',') =>
  rows
    .map(row =>
      row
        .map(cell => String(cell ?? ''))
        .map(cell => (/["\r\n,;\t]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
        .join(separator),
    )
    .join('\r\n')

const bytes = (text: string) => Buffer.from(text)

const officialHeader = ['#', 'Levels', '', '', '', '', '', '', 'Code', 'URL', 'Skill', 'Category', 'Subcategory']
const descriptions = Array.from({ length: 7 }, (_, index) => `Level ${index + 1} description`)

/** The official columns, with group names on the first row of a group only. */
const official = (version: string, skills: readonly SfiaIndexSkill[]) => [
  ['SFIA skills'],
  [],
  [...officialHeader, 'Overall description', 'Guidance notes', ...descriptions],
  ...skills.map(({ code, name, category, subcategory, levels }, index) => [
    index + 1,
    ...Array.from({ length: 7 }, (_, level) => (levels.includes(level + 1) ? level + 1 : null)),
    code,
    `https://sfia-online.org/en/shortcode/${version}/${code}`,
    name,
    category === skills[index - 1]?.category ? null : category,
    category === skills[index - 1]?.category && subcategory === skills[index - 1]?.subcategory ? null : subcategory,
    'One line,\nand "another"',
    null,
  ]),
  [],
  ['© nobody – a note below the table'],
]

const skill = (code: string, levels: number[], more: Partial<SfiaIndexSkill> = {}): SfiaIndexSkill => ({
  code,
  name: `Skill ${code}`,
  category: 'A category',
  subcategory: 'A subcategory',
  levels,
  ...more,
})

const sample = [
  skill('AAAA', [1, 2]),
  skill('BBBB', [3, 5, 7], { name: 'Déjà “vu” – ’tis' }),
  skill('CCCC', [4], { subcategory: 'Another', category: 'B category' }),
]

const plain = (skills: readonly SfiaIndexSkill[]) => [
  ['code', 'name', 'category', 'subcategory', 'levels'],
  ...skills.map(({ code, name, category, subcategory, levels }) => [
    code,
    name,
    category,
    subcategory,
    levels.join(' '),
  ]),
]

/** Windows-1252 of the few characters beyond Latin-1 that the sample has. */
const windows1252 = (text: string) =>
  Buffer.from(
    [...text].map(character => {
      const index = '–’“”'.indexOf(character)
      return index === -1 ? character.charCodeAt(0) : ([0x96, 0x92, 0x93, 0x94][index] ?? 0)
    }),
  )

t.test('the official sheet is read as CSV in any encoding and as XLSX', async t => {
  const text = csv(official('9', sample))
  const forms: Record<string, Uint8Array> = {
    'UTF-8': bytes(text),
    'UTF-8 with a byte order mark': bytes(`\ufeff${text}`),
    'Windows-1252': windows1252(text.replace('©', '(c)')),
    'UTF-16': Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]),
    semicolons: bytes(csv(official('9', sample), ';')),
    tabs: bytes(csv(official('9', sample), '\t')),
    XLSX: await writeXlsx([
      { sheet: 'Read me', data: [['Code', 'of conduct']] },
      { sheet: 'Skills', data: official('9', sample) },
    ]).toBuffer(),
  }
  for (const [name, form] of Object.entries(forms))
    t.strictSame(await parseSfia(form), { skills: sample, problems: [], statedVersions: ['9'] }, name)
})

t.test('the seven level columns may be numbered, marked, or both under one heading', async t => {
  const cells = (marks: string[]) => ['AAAA', 'A', 'C', 'S', ...marks]
  const head = ['Code', 'Skill', 'Category', 'Sub-category']
  const numbers = ['1', '2', '3', '4', '5', '6', '7']
  const forms = {
    'numbered header': [[...head, ...numbers], cells(['', '2', '', '', 'x', '', ''])],
    'named Level 1 …': [[...head, ...numbers.map(n => `Level ${n}`)], cells(['', '✓', '', '', '5', '', ''])],
    'numbers below': [
      [...head, 'Levels', '', '', '', '', '', ''],
      ['', '', '', '', ...numbers],
      cells(['', '2', '', '', '5']),
    ],
    'Levels above': [['', '', '', '', 'Levels'], [...head, ...numbers], cells(['', '2', '', '', '5'])],
    'one list, empty columns after it': [[...head, 'Levels', '', '', '', '', '', ''], cells(['2, 5'])],
  }
  for (const [name, rows] of Object.entries(forms)) {
    const { skills, problems } = await parseSfia(bytes(csv(rows)))
    t.strictSame(problems, [], name)
    t.strictSame(skills[0]?.levels, [2, 5], name)
  }
})

t.test('a sheet with anything wrong loads nothing and names each row', async t => {
  const problemsOf = async (rows: readonly (readonly (string | number | null)[])[]) => {
    const { skills, problems } = await parseSfia(bytes(csv(rows)))
    t.strictSame(skills, [])
    return problems.map(describeProblem)
  }
  t.strictSame(
    await problemsOf([
      ['A title above the header'],
      ['code', 'name', 'category', 'subcategory', 'levels'],
      ['AAAA', 'A', 'C', 'S', '0'],
      ['BBBB', 'B', 'C', 'S', '7 8'],
      [],
      ['CCCC', 'C', 'C', 'S', ''],
      ['DDDD', 'D', 'C', 'S', '2 4'],
      ['DDDD', 'D', 'C', 'S', '2'],
      ['eeee', 'E', 'C', 'S', '2'],
      ['', 'F', 'C', 'S', '2'],
      ['GGGG', '', 'C', 'S', '2'],
      ['HHHH', 'H', 'Another', '', 'two 3 3'],
      ['', '', '', '', '4'],
    ]),
    [
      'Row 3: AAAA: level 0 is impossible: SFIA has levels 1 to 7.',
      'Row 4: BBBB: level 8 is impossible: SFIA has levels 1 to 7.',
      'Row 6: CCCC: the row has no level.',
      'Row 8: DDDD: the code stands in row 7 already.',
      'Row 9: eeee: a code is four capital letters.',
      'Row 10: F: the row has no code.',
      'Row 11: GGGG: the row has no skill name.',
      'Row 12: HHHH: the row has no subcategory.',
      'Row 12: HHHH: "two" is no level.',
      'Row 12: HHHH: level 3 stands twice.',
      'Row 13: a row without a code: the row has no code.',
      'Row 13: a row without a code: the row has no skill name.',
      'Row 13: a row without a code: the row has no subcategory.',
    ],
  )
  const shifted = official('9', sample).map(row => (row[8] === 'AAAA' ? [1, null, 1, 2, ...row.slice(4)] : row))
  t.strictSame(await problemsOf(shifted), [
    'Row 4: AAAA: level 1 stands in the column of level 2.',
    'Row 4: AAAA: level 2 stands in the column of level 3.',
  ])
  t.strictSame(await problemsOf([['code', 'name', 'levels']]), ['Row 1: The header row lacks Category, Subcategory.'])
  t.strictSame(await problemsOf([['a'], ['b']]), [
    'No row names the columns Code, Skill, Category, Subcategory and Levels.',
  ])
  t.strictSame(await problemsOf([['code', 'name', 'category', 'subcategory', 'levels']]), [
    'Row 1: No skill stands below the header row.',
  ])
})

t.test('what is no sheet is refused in words', async t => {
  const xlsx = await writeXlsx([['Code']]).toBuffer()
  const cases: [string, Uint8Array, RegExp][] = [
    ['empty', bytes(''), /^The file is empty\.$/],
    ['binary', Buffer.from([1, 0, 2, 0, 3]), /^This is neither CSV nor XLSX\.$/],
    [
      'old workbook',
      Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]),
      /^This is an old \.xls workbook: save it/,
    ],
    ['half a workbook', xlsx.subarray(0, 400), /^This looks like XLSX and cannot be read/],
    ['open quote', bytes('code,name\n"AAAA,b\n'), /^The CSV cannot be read: a quotation mark is out of place/],
  ]
  for (const [name, form, message] of cases) {
    const { skills, problems } = await parseSfia(form)
    t.strictSame(skills, [], name)
    t.match(problems.map(describeProblem).join(), message, name)
  }
})

t.test('any index comes back the same from each form', async () => {
  const letter = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ')
  const code = fc.tuple(letter, letter, letter, letter).map(letters => letters.join(''))
  const character = fc.constantFrom(...'abc DE,;"\'/&éÜ£–’“”')
  const name = fc
    .array(character, { minLength: 1, maxLength: 20 })
    .map(characters => characters.join('').replaceAll(/ +/g, ' ').trim())
    .filter(text => text !== '')
  const levels = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }).map(list => list.sort())
  const index = fc.uniqueArray(
    fc.record({ code, name, category: name, subcategory: name, levels }, { noNullPrototype: true }),
    {
      minLength: 1,
      maxLength: 12,
      selector: entry => entry.code,
    },
  )
  const sorted = (skills: SfiaIndexSkill[]) => [...skills].sort((a, b) => (a.code < b.code ? -1 : 1))
  await fc.assert(
    fc.asyncProperty(
      index,
      fc.constantFrom(',', ';', '\t'),
      fc.boolean(),
      fc.boolean(),
      async (skills, cut, old, own) => {
        const text = csv(own ? plain(skills) : official('8', skills).slice(0, -1), cut)
        const { skills: found, problems } = await parseSfia(old ? windows1252(text) : bytes(text))
        deepStrictEqual(problems.map(describeProblem), [])
        deepStrictEqual(found, sorted(skills))
      },
    ),
    { numRuns: 200 },
  )
  await fc.assert(
    fc.asyncProperty(index, async skills => {
      const { skills: found } = await parseSfia(await writeXlsx(official('8', skills)).toBuffer())
      deepStrictEqual(found, sorted(skills))
    }),
    { numRuns: 20 },
  )
})

t.test('any bytes give skills or problems, never an error', async () => {
  const header = bytes('code,name,category,subcategory,levels\n')
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (data, headed) => {
      const { skills, problems } = await parseSfia(headed ? Buffer.concat([header, data]) : data)
      return skills.length > 0 !== problems.length > 0
    }),
    { numRuns: 300 },
  )
})

/** A role in the register whose draft and published document map to these. */
async function insertRole(db: Kysely<Database>, slug: string, version: SfiaVersion, code: string, level: number) {
  await db
    .insertInto('organisations')
    .values({ slug: 'home-office', name: 'Home Office' })
    .onConflict(conflict => conflict.doNothing())
    .execute()
  const document = JSON.stringify({ ...exampleDocument, sfia_version: version, sfia_mappings: [{ code, level }] })
  await db.insertInto('roles').values({ slug, organisation: 'home-office', document, id_serials: '{}' }).execute()
  const uses = (['draft', 'published'] as const).map(state => ({ role: slug, state, version, code, level }))
  await db.insertInto('role_sfia_levels').values(uses).execute()
}

const load = (db: Kysely<Database>, version: SfiaVersion, skills: SfiaIndexSkill[]) =>
  loadSheet(db, version, bytes(csv(plain(skills))))

t.test('a fresh database holds the starter index of each version, not complete', async t => {
  const { db } = await testDatabase(t)
  const indexes = await findSfiaIndexes(db)
  t.strictSame(
    indexes.map(({ version, complete, skills }) => [version, complete, [...skills.keys()].join(' ')]),
    ['6', '7', '8', '9'].map(version => [version, false, 'DESN PBMG PROG SINT USUP']),
  )
  t.strictSame(
    indexes.map(({ skills }) => skills.get('DESN')?.levels.join('')),
    ['23456', '456', '3456', '23456'],
  )
  t.match(await findSfiaSkill(db, '6', 'SINT'), {
    name: 'Systems integration',
    category: 'Development and implementation',
    subcategory: 'Installation and integration',
    levels: [2, 3, 4, 5, 6],
  })
  t.equal(await findSfiaSkill(db, '6', 'BUSA'), undefined)
})

t.test('mappings against a starter index', async t => {
  const { db } = await testDatabase(t)
  const details = async (version: SfiaVersion, ...mappings: [string, number][]) => {
    const found = await checkMappings(
      db,
      version,
      mappings.map(([code, level]) => ({ code, level })),
    )
    return found.map(({ index, code, detail }) => `${index} ${code}: ${detail}`)
  }
  t.strictSame(await details('7'), [])
  for (const version of ['6', '8', '9'] as const) t.strictSame(await details(version, ['DESN', 3], ['PBMG', 4]), [])
  t.strictSame(await details('7', ['PBMG', 4], ['DESN', 3]), [
    '1 sfia_level_not_valid: DESN has levels 4, 5, 6 in SFIA 7.',
  ])
  t.strictSame(await details('9', ['BUSA', 4], ['DENS', 4], ['USUP', 7]), [
    '0 sfia_not_loaded: BUSA is not among the few skills of SFIA 9 that are loaded. Load its spreadsheet with sfia:load.',
    '1 sfia_not_loaded: DENS is not among the few skills of SFIA 9 that are loaded. Load its spreadsheet with sfia:load. Did you mean DESN?',
    '2 sfia_level_not_valid: USUP has levels 1, 2, 3, 4, 5, 6 in SFIA 9.',
  ])
  t.strictSame(await details('8', ['BUAN', 4], ['CORE', 4], ['SUEN', 4]), [
    '0 sfia_unknown_code: BUAN was retired in SFIA 8; use BUSA or FEAS.',
    '1 sfia_unknown_code: CORE was retired in SFIA 8; use QUAS or AUDT.',
    '2 sfia_unknown_code: SUEN was retired in SFIA 7 and has no one successor.',
  ])
  t.match(await details('7', ['BUAN', 4]), ['0 sfia_not_loaded: BUAN is not among the few skills of SFIA 7'])
})

t.test('loading makes a version complete, and the same again changes nothing', async t => {
  const { db } = await testDatabase(t)
  t.equal(await load(db, '8', sample), 'Loaded 3 skills of SFIA 8; its index is complete now.')
  const index = () => findSfiaIndexes(db).then(indexes => indexes.find(({ version }) => version === '8'))
  t.strictSame([...((await index())?.skills.values() ?? [])], sample)
  t.equal((await index())?.complete, true)
  t.equal(
    await load(db, '8', [...sample].reverse()),
    'SFIA 8 holds exactly these 3 skills already; nothing changed.',
    'whatever the order of the rows',
  )
  const again = await loadSheet(db, '8', await writeXlsx(official('8', sample)).toBuffer())
  t.match(again, /nothing changed/, 'nor the form of the sheet')

  const renamed = [skill('AAAA', [2, 6], { name: 'Renamed' }), skill('DDDD', [7])]
  t.match(await load(db, '8', renamed), /^Loaded 2 skills/)
  t.strictSame([...((await index())?.skills.values() ?? [])], renamed)

  const events = await db
    .selectFrom('events')
    .select(['type', 'subject', 'before_digest', 'after_digest'])
    .orderBy('id')
    .execute()
  t.equal(events.length, 2, 'one event for each load that changed something')
  t.match(events[1], { type: 'sfia_loaded', subject: '/v1/sfia/8/skills', before_digest: events[0]?.after_digest })

  t.strictSame(
    await checkMappings(db, '8', [
      { code: 'DDDD', level: 1 },
      { code: 'AAAB', level: 2 },
      { code: 'DESN', level: 4 },
      { code: 'ZZZZ', level: 1 },
    ]),
    [
      { index: 0, code: 'sfia_level_not_valid', detail: 'DDDD has level 7 in SFIA 8.' },
      { index: 1, code: 'sfia_unknown_code', detail: 'SFIA 8 has no skill AAAB. Did you mean AAAA?' },
      { index: 2, code: 'sfia_unknown_code', detail: 'SFIA 8 has no skill DESN. It is in SFIA 6, 7, 9.' },
      { index: 3, code: 'sfia_unknown_code', detail: 'SFIA 8 has no skill ZZZZ.' },
    ],
  )
  t.equal(await explainUnknownCode(db, '8', 'INAN'), 'INAN was retired in SFIA 8; use DATS.')
})

t.test('of two loads at once the second finds its work done', async t => {
  const { db } = await testDatabase(t)
  const said = await Promise.all([load(db, '9', sample), load(db, '9', sample)])
  t.match(said.sort(), [/^Loaded 3/, /nothing changed\.$/])
})

t.test('a sheet that is wrong, of another version or lacks what roles use leaves all as it was', async t => {
  const { db } = await testDatabase(t)
  const before = await findSfiaIndexes(db)
  await t.rejects(load(db, '9', [...sample, skill('AAAA', [8])]), {
    name: 'SheetError',
    message:
      'Nothing was loaded, because the sheet is not right:\n' +
      '  Row 5: AAAA: the code stands in row 2 already.\n' +
      '  Row 5: AAAA: level 8 is impossible: SFIA has levels 1 to 7.',
  })
  const many = Array.from({ length: 60 }, () => skill('AAAA', [1]))
  await t.rejects(load(db, '9', many), { message: /row 2 already\.\n {2}and 9 more$/ })
  await t.rejects(loadSheet(db, '9', bytes(csv(official('8', sample)))), {
    message: 'Nothing was loaded: the links in the sheet are of SFIA 8, not 9.',
  })
  await insertRole(db, 'devops', '9', 'DESN', 3)
  await t.rejects(load(db, '9', [...sample, skill('DESN', [4, 5])]), {
    name: 'SfiaInUseError',
    message:
      'Roles use levels of SFIA 9 that this sheet lacks:\n' +
      '  DESN 3: the draft role devops\n' +
      '  DESN 3: the published role devops',
  })
  t.strictSame(await findSfiaIndexes(db), before)
  t.equal((await db.selectFrom('events').select('id').execute()).length, 0)
  t.match(await load(db, '9', [...sample, skill('DESN', [3])]), /^Loaded 4/, 'a level in use may stay')
})

t.test('skills are listed by code, filtered and paged', async t => {
  const { db } = await testDatabase(t)
  await load(db, '9', [...sample, skill('DDDD', [2, 7], { name: '100%_sure' })])
  const codes = async (filters: Partial<Parameters<typeof listSfiaSkills>[2]>) =>
    (await listSfiaSkills(db, '9', { limit: 100, ...filters })).map(({ code }) => code).join(' ')
  t.equal(await codes({}), 'AAAA BBBB CCCC DDDD')
  t.equal(await codes({ limit: 2 }), 'AAAA BBBB')
  t.equal(await codes({ after: 'BBBB', limit: 1 }), 'CCCC')
  t.equal(await codes({ q: 'skill a' }), 'AAAA')
  t.equal(await codes({ q: 'ccc' }), 'CCCC')
  t.equal(await codes({ q: '%_' }), 'DDDD')
  t.equal(await codes({ q: '\\' }), '')
  t.equal(await codes({ category: 'b CATEGORY' }), 'CCCC')
  t.equal(await codes({ category: 'b' }), '')
  t.equal(await codes({ level: 7 }), 'BBBB DDDD')
  t.equal(await codes({ level: 7, q: 'skill' }), '')
})

t.test('sfia:load reads its version and its file', async t => {
  const folder = await testFolder(t)
  const file = join(folder, 'skills.csv')
  await writeFile(file, 'x')
  t.strictSame(await readSheet('9', [file]), { version: '9', bytes: bytes('x') })
  const usage = '\nUsage: npm run sfia:load -- --version 9 file.csv|file.xlsx'
  for (const version of ['5', undefined, true])
    await t.rejects(readSheet(version, [file]), {
      message: `--version must be the version of SFIA: 6, 7, 8, 9.${usage}`,
    })
  for (const files of [[], [file, file]])
    await t.rejects(readSheet('9', files), { message: `Name one spreadsheet.${usage}` })
  await t.rejects(readSheet('9', [`${file}x`]), { message: `There is no file ${file}x.` })
  await t.rejects(readSheet('9', [folder]), { message: `${folder} cannot be read (EISDIR).` })
})

const codesOf = ({ body }: Answer) => (body as { skills: { code: string }[] }).skills.map(({ code }) => code).join(' ')

t.test('GET /v1/sfia/{version}/skills', async t => {
  const { call } = await testApp(t)
  const open = { key: null }
  const all = await call('GET /v1/sfia/7/skills', open)
  t.equal(all.status, 200)
  t.equal(all.headers['cache-control'], 'public, max-age=60, stale-if-error=86400')
  t.match(all.body, {
    version: '7',
    complete: false,
    acknowledgement: /owned by The SFIA Foundation: www\.sfia-online\.org/,
    next_cursor: null,
  })
  t.strictSame((all.body as { skills: unknown[] }).skills[0], {
    version: '7',
    code: 'DESN',
    name: 'Systems design',
    category: 'Development and implementation',
    subcategory: 'Systems development',
    levels: [4, 5, 6],
    retired_in: null,
    successors: [],
  })
  t.equal(codesOf(all), 'DESN PBMG PROG SINT USUP')
  t.equal((await call('GET /v1/sfia/7/skills', { ...open, headers: { 'if-none-match': all.etag } })).status, 304)

  const first = await call('GET /v1/sfia/7/skills?level=3&limit=2', open)
  t.equal(codesOf(first), 'PBMG PROG')
  const next = /^<([^>]+)>; rel="next"$/.exec(String(first.headers.link))?.[1]
  const second = await call(`GET ${next}`, open)
  t.equal(codesOf(second), 'SINT USUP')
  t.match(second.body, { next_cursor: null })
  t.equal(codesOf(await call('GET /v1/sfia/7/skills?category=delivery+and+operation&q=incident', open)), 'USUP')

  t.match((await call(`GET ${next?.replace('level=3', 'level=4')}`, open)).body, { status: 400, code: 'bad_cursor' })
  t.match((await call('GET /v1/sfia/7/skills?level=8', open)).body, {
    status: 400,
    code: 'invalid_query',
    errors: [{ pointer: '?level', detail: 'This must be 7 or less; it is 8.' }],
  })
  t.match((await call('GET /v1/sfia/7/skills?levels=3', open)).body, { status: 400, code: 'invalid_query' })
  t.match((await call('GET /v1/sfia/5/skills', open)).body, { status: 404, code: 'not_found' })
  t.match((await call('POST /v1/sfia/7/skills', { body: {} })).body, { status: 405 })
})

t.test('GET /v1/sfia/{version}/skills/{code}', async t => {
  const { call, db } = await testApp(t)
  const open = { key: null }
  const found = await call('GET /v1/sfia/9/skills/USUP', open)
  t.equal(found.status, 200)
  t.match(found.body, { version: '9', code: 'USUP', levels: [1, 2, 3, 4, 5, 6], acknowledgement: /SFIA Foundation/ })
  t.equal((await call('GET /v1/sfia/9/skills/USUP', { ...open, headers: { 'if-none-match': found.etag } })).status, 304)
  t.match((await call('GET /v1/sfia/8/skills/BUAN', open)).body, {
    status: 404,
    detail: 'BUAN was retired in SFIA 8; use BUSA or FEAS.',
  })
  t.match((await call('GET /v1/sfia/9/skills/BUSA', open)).body, {
    status: 404,
    detail: 'BUSA is not among the few skills of SFIA 9 that are loaded. Load its spreadsheet with sfia:load.',
  })
  t.match((await call('GET /v1/sfia/9/skills/usup', open)).body, { status: 404 })
  await load(db, '7', [skill('BUAN', [3])])
  t.match((await call('GET /v1/sfia/7/skills/BUAN', open)).body, { retired_in: '8', successors: ['BUSA', 'FEAS'] })
})

t.test(
  'a mapping that its version of SFIA does not have → 422 that says what it has, and nothing is stored',
  async t => {
    const { call } = await testApp(t)
    const body = {
      ...exampleDocument,
      sfia_version: '6',
      sfia_mappings: [
        { code: 'PROG', level: 5 },
        { code: 'DESN', level: 3 },
        { code: 'USUP', level: 4 },
      ],
    }
    const { etag } = await call('POST /v1/roles?slug=devops', { body })
    const refused = async (line: string, sent: object, match?: string) => {
      const { status, body: problem } = await call(line, { body: sent, ...(match ? { match } : {}) })
      const { detail, errors } = problem as { detail: string; errors: { code: string; detail: string }[] }
      return [status, ...(errors.length > 0 ? errors.map(error => `${error.code}: ${error.detail}`) : [detail])]
    }
    const draft = '/v1/roles/devops/draft'
    t.strictSame(await refused(`POST ${draft}/sfia-mappings`, { code: 'PBMG', level: 8 }), [
      422,
      'too_large: This must be 7 or less; it is 8.',
    ])
    t.strictSame(await refused(`POST ${draft}/sfia-mappings`, { code: 'PBMG', level: 2 }), [
      422,
      'sfia_level_not_valid: PBMG has levels 3, 4, 5 in SFIA 6.',
    ])
    t.strictSame(await refused(`POST ${draft}/sfia-mappings`, { code: 'DESN', level: 4 }), [
      409,
      'DESN is mapped already. Change its level with PUT at its own address.',
    ])
    t.strictSame(await refused(`PUT ${draft}/sfia-mappings/DESN`, { code: 'DESN', level: 7 }, etag), [
      422,
      'sfia_level_not_valid: DESN has levels 2, 3, 4, 5, 6 in SFIA 6.',
    ])
    const mappings = ['DESN', 'QUST', 'PROH'].map(code => ({ code, level: 3 }))
    t.strictSame(
      await refused(`PATCH ${draft}`, { sfia_version: '7', sfia_mappings: mappings }, etag),
      [
        422,
        'sfia_level_not_valid: DESN has levels 4, 5, 6 in SFIA 7.',
        'sfia_unknown_code: QUST was retired in SFIA 7; use QUMG.',
        'sfia_not_loaded: PROH is not among the few skills of SFIA 7 that are loaded. Load its spreadsheet with sfia:load. Did you mean PROG?',
      ],
      'a change of version reports every mapping that it breaks',
    )
    t.strictSame(await refused(`PATCH ${draft}`, { sfia_version: null }, etag), [
      422,
      'missing_member: SFIA mappings need a sfia_version in the draft: 6, 7, 8 or 9.',
    ])
    const after = await call(`GET ${draft}`)
    t.equal(after.etag, etag)
    t.match(after.body, { sfia_version: '6', sfia_mappings: body.sfia_mappings })
  },
)

const frameworks = fileURLToPath(new URL('frameworks/sfia/', shared))

t.test('the four real indexes', { skip: !existsSync(frameworks) && 'the licensed tables are not here' }, async t => {
  const { db } = await testDatabase(t)
  const starter = await findSfiaIndexes(db)
  for (const { version, skills } of starter) {
    const parsed = await parseSfia(readFileSync(`${frameworks}sfia${version}.csv`))
    t.strictSame(parsed.problems, [], `SFIA ${version}`)
    const workbook = await writeXlsx(official(version, parsed.skills)).toBuffer()
    t.strictSame((await parseSfia(workbook)).skills, parsed.skills, `SFIA ${version} as a workbook`)
    for (const [code, known] of skills)
      t.strictSame(
        known,
        parsed.skills.find(real => real.code === code),
        `the starter's ${code} of SFIA ${version} is right`,
      )
    await loadSheet(db, version, workbook)
  }
  const indexes = await findSfiaIndexes(db)
  t.strictSame(
    indexes.map(({ skills }) => skills.size),
    [97, 102, 121, 147],
  )

  const gone = indexes.flatMap(({ skills }, place) =>
    [...(indexes[place - 1]?.skills.keys() ?? [])].flatMap(code =>
      skills.has(code) ? [] : [[code, indexes[place]?.version]],
    ),
  )
  t.strictSame(
    gone.sort(),
    Object.entries(retirements)
      .map(([code, { retiredIn }]) => [code, retiredIn])
      .sort(),
    'every code that a version dropped is in the table of successors',
  )
  for (const [code, { retiredIn, successors }] of Object.entries(retirements))
    for (const { version, skills } of indexes)
      if (version >= retiredIn)
        t.ok(
          successors.every(successor => skills.has(successor)),
          `SFIA ${version} has the successors of ${code}`,
        )

  t.strictSame(
    await checkMappings(db, '7', [
      { code: 'DESN', level: 3 },
      { code: 'BUSA', level: 4 },
      { code: 'BUAN', level: 3 },
    ]),
    [
      { index: 0, code: 'sfia_level_not_valid', detail: 'DESN has levels 4, 5, 6 in SFIA 7.' },
      { index: 1, code: 'sfia_unknown_code', detail: 'SFIA 7 has no skill BUSA. It is in SFIA 8, 9.' },
    ],
  )
})
