/** What tests of vacancies begin with: a clock that is set by hand, a role to advertise, a vacancy in any stage. */
import { exampleVacancy, type Vacancy } from '../../src/document/vacancy.ts'
import type { Answer, testApp } from './app.ts'
import { createPublished, documentWith } from './roles.ts'

type Call = Awaited<ReturnType<typeof testApp>>['call']

/** A time that stands still until it is set. */
export function handClock(start: string) {
  let time = new Date(start)
  return {
    now: () => time,
    iso: () => time.toISOString(),
    set: (to: string) => {
      time = new Date(to)
    },
  }
}

const item = (id: string, text: string, optional = false) => ({ id, text, optional, items: [] })

/** A role with everything that an advert prints, and two optional items. */
export const advertisedRole = documentWith({
  sections: [
    {
      id: 'role_summary',
      kind: 'role_summary',
      heading: 'About the role',
      shared_section: null,
      blocks: [{ type: 'paragraph', text: 'You will look after the *data pipelines* that others rely on.' }],
    },
    {
      id: 'responsibilities',
      kind: 'responsibilities',
      heading: 'What you’ll do day-to-day',
      shared_section: null,
      blocks: [
        {
          type: 'list',
          ordered: false,
          items: [
            item('i1', 'Build pipelines that others can maintain'),
            item('i2', 'Look after an apprentice', true),
            item('i3', 'Speak for the team at the “standards & data” group', true),
          ],
        },
      ],
    },
    {
      id: 'skills_experience',
      kind: 'skills_experience',
      heading: 'Skills and experience',
      shared_section: null,
      blocks: [{ type: 'skills', importance: 'essential' }],
    },
    {
      id: 'skills_framework',
      kind: 'skills_framework',
      heading: 'Skills Framework for the Information Age',
      shared_section: null,
      blocks: [{ type: 'sfia_mappings' }],
    },
  ],
})

/** A vacancy that may be opened, with some members its own. */
export const vacancyWith = (members: Partial<Vacancy> = {}): Vacancy => ({
  ...structuredClone(exampleVacancy),
  ...members,
})

function requireStatus(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text}`)
  return answer
}

export const publishAdvertised = (call: Call, slug: string) => createPublished(call, slug, advertisedRole)

/** Creates a draft; its address, id and ETag. */
export async function createVacancy(call: Call, role: string, members: Partial<Vacancy> = {}, key?: string) {
  const body = vacancyWith({ role, ...members })
  const answer = requireStatus(await call('POST /v1/vacancies', { body, ...(key ? { key } : {}) }), 201)
  const path = String(answer.headers.location)
  return { path, id: path.split('/').at(-1) ?? '', etag: answer.etag, body: answer.body as Vacancy }
}

/** Creates a draft and asks for its opening. */
export async function openVacancy(call: Call, role: string, members: Partial<Vacancy> = {}, key?: string) {
  const made = await createVacancy(call, role, members, key)
  const options = { body: {}, match: made.etag, ...(key ? { key } : {}) }
  const opened = requireStatus(await call(`POST ${made.path}/openings`, options), 201)
  return { ...made, etag: opened.etag, opened }
}
