/** JSON as a tree that may be wrong: members may stand twice, and a leaf is whatever text it is. */

export type Tree = { text: string } | { entries: Tree[] } | { members: [name: string, value: Tree][] }

function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) return { entries: value.map(treeOf) }
  if (value !== null && typeof value === 'object')
    return { members: Object.entries(value).map(([name, member]) => [name, treeOf(member)]) }
  return { text: JSON.stringify(value) ?? 'null' }
}

export function textOf(tree: Tree): string {
  if ('text' in tree) return tree.text
  if ('entries' in tree) return `[${tree.entries.map(textOf).join(',')}]`
  return `{${tree.members.map(([name, value]) => `${JSON.stringify(name)}:${textOf(value)}`).join(',')}}`
}

/** One thing done to a tree, at the `at`-th of its places (counted round). */
export type Edit = { at: number } & (
  | { kind: 'replace'; with: string }
  | { kind: 'remove' }
  | { kind: 'add'; name: string; value: string }
  | { kind: 'twice' }
  | { kind: 'repeat'; times: number }
  | { kind: 'rename'; name: string }
)

/** A place in a tree: how to put something else there. */
interface Place {
  value: Tree
  put(...values: Tree[]): void
  name?: (name: string) => void
}

function placesOf(root: { tree: Tree }): Place[] {
  const places: Place[] = [
    {
      value: root.tree,
      put: (first = { text: '' }) => {
        root.tree = first
      },
    },
  ]
  const walk = (tree: Tree) => {
    if ('entries' in tree)
      for (const value of [...tree.entries]) {
        places.push({ value, put: (...values) => tree.entries.splice(tree.entries.indexOf(value), 1, ...values) })
        walk(value)
      }
    else if ('members' in tree)
      for (const member of [...tree.members]) {
        const [name, value] = member
        places.push({
          value,
          put: (...values) =>
            tree.members.splice(tree.members.indexOf(member), 1, ...values.map((one): [string, Tree] => [name, one])),
          name: other => {
            member[0] = other
          },
        })
        walk(value)
      }
  }
  walk(root.tree)
  return places
}

/** The text of a value after some edits. */
export function edited(value: unknown, edits: readonly Edit[]): string {
  const root = { tree: treeOf(value) }
  for (const edit of edits) {
    const places = placesOf(root)
    const place = places[edit.at % places.length]
    if (!place) continue
    const { value: here } = place
    if (edit.kind === 'replace') place.put({ text: edit.with })
    else if (edit.kind === 'remove') place.put()
    else if (edit.kind === 'twice') place.put(here, here)
    else if (edit.kind === 'rename') place.name?.(edit.name)
    else if (edit.kind === 'add') {
      if ('members' in here) here.members.push([edit.name, { text: edit.value }])
      else if ('entries' in here) here.entries.push({ text: edit.value })
    } else if ('entries' in here && here.entries[0]) {
      const [first] = here.entries
      for (let count = 0; count < edit.times; count++) here.entries.push(first)
    }
  }
  return textOf(root.tree)
}
