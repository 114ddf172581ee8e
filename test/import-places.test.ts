// Where a role is, as documents of other houses say it.
import t from 'tap'
import { imported, place, warningOf } from './support/documents.ts'
import { workMs } from './support/work.ts'

const body = '## Job purpose\n\nYou will test.\n\n## Main duties\n\n- Test\n'

t.test('a list of places in front matter is a place each', async t => {
  for (const list of [
    '[London SW1A 2AA, "Leeds, Wellington Place"]',
    '\n  - London SW1A 2AA\n  - Leeds, Wellington Place',
  ]) {
    const { document, report } = imported(`---\ntitle: Tester\nlocation: ${list}\n---\n\n${body}`)
    t.same(
      document?.advert_details.locations.map(({ text, postcode }) => [text, postcode]),
      [
        ['London SW1A 2AA', 'SW1A 2AA'],
        ['Leeds, Wellington Place', null],
      ],
    )
    t.same([report.losses, report.coverage.percent], [[], 100])
  }
})

t.test('several places in one value are so many locations, and an address is one', t => {
  const read = (location: string, others = '') =>
    imported(
      `<h1>Tester</h1><table><tr><td>Grade</td><td>SEO</td></tr><tr><td>Location</td><td>${location}</td></tr>${others}</table><h2>The role</h2><p>Test.</p>`,
      'text/html',
    )
  for (const [printed, places] of [
    ['London, Leeds and Bristol', ['London', 'Leeds', 'Bristol']],
    ['London / Leeds/Stoke-on-Trent', ['London', 'Leeds', 'Stoke-on-Trent']],
    ['London<br>Newcastle upon Tyne<br>Any of our offices', ['London', 'Newcastle upon Tyne', 'Any of our offices']],
    ['<p>London</p><p>Leeds</p>', ['London', 'Leeds']],
    ['<ul><li>London</li><li>Leeds</li></ul>', ['London', 'Leeds']],
    ['Croydon, Sheffield, or Cardiff', ['Croydon', 'Sheffield', 'Cardiff']],
    ['Southend-on-Sea, Manchester', ['Southend-on-Sea', 'Manchester']],
    ['Caerdydd neu Wrecsam', ['Caerdydd', 'Wrecsam']],
    // What is no town known, and what may be one place, stays as it is printed.
    ['Hybrid | London', ['Hybrid | London']],
    ['London or Remote', ['London or Remote']],
    ['Croydon, London', ['Croydon, London']],
    ['Cheshire West and Chester', ['Cheshire West and Chester']],
    ['Bournemouth, Christchurch and Poole', ['Bournemouth, Christchurch and Poole']],
    ['Cardiff and Vale', ['Cardiff and Vale']],
    ['Reading, Berkshire or Leeds, West Yorkshire', ['Reading, Berkshire or Leeds, West Yorkshire']],
    ['Caerdydd / Cardiff', ['Caerdydd / Cardiff']],
    ['Leeds, West Yorkshire', ['Leeds, West Yorkshire']],
    ['Brighton and Hove', ['Brighton and Hove']],
    ['Tyne and Wear', ['Tyne and Wear']],
    ['London or Leeds (with travel)', ['London or Leeds (with travel)']],
    ['Home Office, London and Leeds', ['Home Office, London and Leeds']],
    ['2 Marsham Street, London, SW1P 4DF', ['2 Marsham Street, London, SW1P 4DF']],
    ['2 Marsham Street<br>London<br>SW1P 4DF', ['2 Marsham Street, London, SW1P 4DF']],
    ['Lunar House,<br>Croydon', ['Lunar House, Croydon']],
    [
      'Store Street<br>Manchester<br>M1 2WD<br>or<br>Quarry House<br>Leeds<br>LS2 7UE',
      ['Store Street, Manchester, M1 2WD', 'Quarry House, Leeds, LS2 7UE'],
    ],
    [
      'Store Street<br>Manchester M1 2WD<br>Quarry House<br>Leeds LS2 7UE',
      ['Store Street, Manchester M1 2WD', 'Quarry House, Leeds LS2 7UE'],
    ],
    [
      'Home Office<br>Lunar House<br>40 Wellesley Road<br>Croydon<br>CR9 2BY',
      ['Home Office, Lunar House, 40 Wellesley Road, Croydon, CR9 2BY'],
    ],
    ['London<br>Lunar House, Croydon CR9 2BY', ['London', 'Lunar House, Croydon CR9 2BY']],
    [
      'Newcastle (Park View)<br>Leeds – Quarry House<br>York',
      ['Newcastle (Park View)', 'Leeds – Quarry House', 'York'],
    ],
    ['London<br>or<br>Leeds', ['London', 'Leeds']],
    ['London<br>Leeds: city centre<br>York office', ['London', 'Leeds: city centre', 'York office']],
    ['<ul><li>Porton Down</li><li>Fort Halstead</li></ul>', ['Porton Down', 'Fort Halstead']],
    ['• Porton Down<br>• Fort Halstead', ['Porton Down', 'Fort Halstead']],
    ['London; Hybrid working', ['London', 'Hybrid working']],
    ['Lunar House, Croydon<br>Quay House, Salford', ['Lunar House, Croydon', 'Quay House, Salford']],
  ] as const) {
    const { document, report } = read(printed)
    t.same(
      document?.advert_details.locations.map(({ text }) => text),
      places,
      printed,
    )
    t.same([document?.advert_details.additional, report.losses, report.coverage.percent], [[], [], 100], printed)
  }
  for (const [printed, places, others] of [
    [
      'Leeds<br>Hybrid working: two days a week<br>Travel to sites',
      ['Leeds, Hybrid working: two days a week, Travel to sites'],
    ],
    ['Porton Down<br>Salisbury', ['Porton Down, Salisbury']],
    ['Head office<br>Anytown', ['Head office, Anytown']],
    ['London<br>Store Street<br>Manchester<br>M1 2WD<br>Leeds', ['London, Store Street, Manchester, M1 2WD, Leeds']],
    ['Leeds<br>West Yorkshire', ['Leeds, West Yorkshire']],
    ['London<br>Leeds city centre<br>Hybrid working', ['London', 'Leeds city centre'], 'Hybrid working'],
  ] as const) {
    const found = read(printed)
    const { locations, additional } = found.document?.advert_details ?? {}
    t.same(
      [locations?.map(({ text }) => text), additional],
      [places, others ? [{ label: 'Location', value: others }] : []],
      printed,
    )
    t.match(warningOf(found, 'places_unsure'), { severity: 'repair', excerpt: others ?? places[0] })
    t.same([found.report.losses, found.report.coverage.percent], [[], 100])
  }
  const jobs = imported('# Tester\n\n**Job locations:** Leeds\n\n**Grade:** SEO\n\n## Duties\n\nTest.\n')
  t.same(jobs.document?.advert_details.locations, [place('Leeds')])
  const broken = read('Leeds', '<tr><td>Contract type</td><td>Permanent<br>Fixed term</td></tr>')
  t.same(broken.document?.advert_details.contract_types, ['permanent', 'fixed_term'])
  for (const boxes of ['✓ Full time 🞎 Part time', '🗹 Full time □ Part time', 'Full time ✔ Part time ☐']) {
    const { document, report } = read('Leeds', `<tr><td>Working pattern</td><td>${boxes}</td></tr>`)
    t.same(document?.advert_details.working_patterns, ['full_time'], boxes)
    t.same([document?.advert_details.additional, report.coverage.percent], [[], 100], boxes)
  }
  const start = workMs()
  read('London, '.repeat(100_000))
  read(`London${' /'.repeat(100_000)}`)
  read('London<br>or<br>Hybrid<br>'.repeat(10_000))
  read('1 Lane<br>M1 2WD<br>'.repeat(10_000))
  t.ok(workMs() - start < 5000, 'in bounded time')
  t.end()
})
