/** The one row of each published role that lists and searches read: what it is made of. */
import { sql, type Transaction } from 'kysely'
import type { Database } from '../database/types.ts'
import type { PublishedRole } from '../document/schema.ts'
import { plainText } from '../document/text.ts'

/** What a search looks through, the most telling first. */
function wordsOf(role: PublishedRole) {
  const texts = role.sections.flatMap(({ blocks }) =>
    blocks.flatMap(block =>
      block.type === 'list'
        ? block.items.flatMap(({ text, items }) => [text, ...items.map(item => item.text)])
        : 'text' in block
          ? [block.text]
          : [],
    ),
  )
  // Two words with a slash between them would be taken for the name of a file.
  const apart = (words: readonly string[], charactersMax: number) =>
    words.join(' ').replaceAll('/', ' ').slice(0, charactersMax)
  const skills = [
    ...role.sfia_mappings.map(({ code, name }) => `${code} ${name}`),
    ...role.skills.flatMap(({ statement, skill_name }) => [plainText(statement), skill_name ?? '']),
  ]
  // A tsvector holds 1 MiB, and a character may need six bytes of it: a real role has not a tenth of this.
  return {
    title: apart([role.title ?? '', ...role.alternative_titles], 10_000),
    skills: apart(skills, 40_000),
    text: apart(texts.map(plainText), 100_000),
  }
}

/** By what roles are found and counted. */
export const facetNames = ['organisation', 'profession', 'family', 'grade', 'skill', 'sfia', 'sfia_version'] as const
export type FacetName = (typeof facetNames)[number]

/** A value as `role_search.tags` holds it. */
export const tag = (name: FacetName, value: string) => `${name} ${value}`

/** What a role is found and counted by, as its row holds it. */
export function tagsOf(role: PublishedRole): string[] {
  const values: Record<FacetName, (string | null)[]> = {
    organisation: [role.organisation.slug],
    profession: [role.profession],
    family: [role.family],
    grade: role.grades.map(({ code }) => code),
    skill: role.skills.map(({ skill }) => skill),
    sfia: role.sfia_mappings.flatMap(({ code, level }) => [code, `${code}:${level}`]),
    sfia_version: [role.sfia_version],
  }
  const tags = facetNames.flatMap(name => values[name].flatMap(value => (value === null ? [] : tag(name, value))))
  return [...new Set(tags)]
}

/** A role as it is published now, with the digest of its bytes. */
export interface Published {
  role: PublishedRole
  digest: string
}

/** A published role in a list, without its address, which is made when it is served. */
export const itemOf = ({ role, digest }: Published) => {
  const { slug, title, organisation, profession, family, grades, version, published_at } = role
  return { slug, title, organisation, profession, family, grades, version, published_at, etag: `"${digest}"` }
}

/** Rewrites the one row of each role that lists and searches read. */
export async function saveSearchRows(trx: Transaction<Database>, published: readonly Published[]): Promise<void> {
  const rows = published.map(entry => {
    const { role } = entry
    const words = wordsOf(role)
    return {
      role: role.slug,
      title: role.title ?? '',
      tags: tagsOf(role),
      published_at: role.published_at,
      item: JSON.stringify(itemOf(entry)),
      words: sql<string>`setweight(to_tsvector('english', ${words.title}), 'A')
        || setweight(to_tsvector('english', ${words.skills}), 'B') || setweight(to_tsvector('english', ${words.text}), 'C')`,
    }
  })
  await trx
    .insertInto('role_search')
    .values(rows)
    .onConflict(conflict =>
      conflict.column('role').doUpdateSet(({ ref }) => ({
        title: ref('excluded.title'),
        tags: ref('excluded.tags'),
        published_at: ref('excluded.published_at'),
        item: ref('excluded.item'),
        words: ref('excluded.words'),
      })),
    )
    .execute()
}
