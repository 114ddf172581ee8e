// What is written comes back: every role in every format, as its own draft and as a new role.
import fc from 'fast-check'
import t from 'tap'
import { assignIds, assignItemIds } from '../../src/document/ids.ts'
import type { MediaType } from '../../src/imports/source/scan.ts'
import { contextOf, corpora, imported, ourSample, realSample } from '../support/documents.ts'
import { randomRole } from '../support/random-roles.ts'
import { documentWith } from '../support/roles.ts'
import { formats, roundTrip } from '../support/round-trip.ts'

// A hundred documents, each read twice, on a machine that has other things to do.
t.setTimeout(600_000)

const runs = Number(process.env.ROUND_TRIPS ?? 30)

for (const format of Object.keys(formats))
  t.test(`a draft as ${format} comes back unchanged, and as a new role equal but for ids`, async t => {
    await fc.assert(
      fc.asyncProperty(randomRole, ({ document, sharedSections }) => roundTrip(format, document, sharedSections)),
      { numRuns: runs },
    )
    t.pass()
  })

t.test('two links side by side to one address come back, as one or as two', async t => {
  const block = { type: 'paragraph' as const, text: 'See [this](https://a.uk/)[that](https://a.uk/) here' }
  const section = { id: 'other', kind: 'other' as const, heading: 'Other', shared_section: null, blocks: [block] }
  const document = documentWith({ sections: [section], skills: [], sfia_mappings: [] })
  for (const format of Object.keys(formats)) await t.resolves(roundTrip(format, document, []), format)
})

const real = realSample()
const samples: { name: string; source: Uint8Array }[] = [
  { name: 'ours', source: ourSample() },
  ...(real ? [{ name: 'devops-role-definition.md', source: real }] : []),
  ...corpora(),
]

t.test('every sample comes back in every format', async t => {
  let drafts = 0
  for (const { name, source } of samples) {
    const read = imported(Buffer.from(source).toString(), 'text/markdown' satisfies MediaType, contextOf())
    if (!read.document) continue
    drafts += 1
    const sharedSections = read.newSharedSections.map(text => ({ ...text, blocks: assignItemIds(text.blocks) }))
    const { document } = assignIds(read.document, {})
    for (const format of Object.keys(formats))
      await t.resolves(roundTrip(format, document, sharedSections), `${name} as ${format}`)
  }
  t.ok(drafts > 0)
})
