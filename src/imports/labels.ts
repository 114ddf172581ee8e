/** Lines such as `Grade: SEO`: where the label ends, and which member of the document it stands for. */
import type { AdvertDetails } from '../document/schema.ts'
import { type Inline, plainOfInlines } from '../document/text.ts'
import { normaliseHeading } from './headings.ts'

export type LabelledMember = Exclude<keyof AdvertDetails, 'additional'> | 'grades' | 'title'

const labels: Record<LabelledMember, string[]> = {
  reference_number: [
    'reference number',
    'reference',
    'ref',
    'ref no',
    'reference no',
    'job reference',
    'vacancy reference',
    'vacancy number',
    'job reference number',
    'vacancy ref',
    'job announcement number',
    'vacancy id',
    'job id',
  ],
  grades: ['grade', 'grades', 'job grade', 'pay grade', 'grade level', 'civil service grade'],
  salary: ['salary', 'salary range', 'pay', 'salary band', 'remuneration'],
  role_types: ['type of role', 'role type', 'job type', 'type of job', 'role types'],
  locations: [
    'location',
    'locations',
    'place of work',
    'work location',
    'office location',
    'base',
    'location s',
    'office locations',
  ],
  business_area: ['business area', 'business unit', 'directorate', 'department', 'division', 'team'],
  contract_types: ['contract type', 'type of contract', 'contract', 'contract types', 'employment type'],
  working_patterns: ['working pattern', 'working patterns', 'work pattern', 'work schedule', 'work patterns'],
  hours: ['hours', 'working hours', 'hours of work', 'hours per week', 'weekly hours', 'hours a week'],
  reports_to: ['reports to', 'reporting to', 'line manager', 'reports into'],
  title: ['title', 'job title', 'role title', 'post title', 'position title', 'role name'],
}

const members = new Map(
  Object.entries(labels).flatMap(([member, names]) => names.map(name => [name, member as LabelledMember] as const)),
)

/** The member that a label stands for; undefined for labels of other houses. */
export const labelledMember = (label: string) => members.get(normaliseHeading(label))

/** Whether a line is nothing but a label that is known. `Grade` alone is one, so it is no heading. */
export const isLabel = (text: string) => labelledMember(text) !== undefined

function splitAtColon(nodes: readonly Inline[]): [Inline[], Inline[]] | undefined {
  for (const [index, node] of nodes.entries()) {
    const before = nodes.slice(0, index)
    const after = nodes.slice(index + 1)
    if (node.type === 'text') {
      const at = node.value.indexOf(':')
      if (at < 0) continue
      return [
        [...before, { type: 'text', value: node.value.slice(0, at) }],
        [{ type: 'text', value: node.value.slice(at + 1) }, ...after],
      ]
    }
    if (node.type === 'link' || node.type === 'code') return undefined
    const inner = splitAtColon(node.children)
    if (inner)
      return [
        [...before, { ...node, children: inner[0] }],
        [{ ...node, children: inner[1] }, ...after],
      ]
  }
  return undefined
}

export interface Labelled {
  label: string
  value: Inline[]
  /** The label is bold or italic: the author means it as one. */
  marked: boolean
}

/** A line cut at its first colon; undefined where what stands before it is too long for a label, or an address. */
export function labelled(content: readonly Inline[]): Labelled | undefined {
  const [before, after] = splitAtColon(content) ?? []
  if (!before || !after) return undefined
  const label = plainOfInlines(before).replace(/^\*+/, '')
  if (label === '' || label.length > 80 || label.split(' ').length > 8 || plainOfInlines(after).startsWith('//'))
    return undefined
  const [first] = before.filter(node => node.type !== 'text' || node.value.replace(/[\s*]/g, '') !== '')
  return { label, value: after, marked: first?.type === 'strong' || first?.type === 'emphasis' }
}
