/** The tables as Kysely sees them; migrations/ says what each column is for. Times are ISO 8601 text, never dates. */
import type { ColumnType, Generated, GeneratedAlways } from 'kysely'
import type { Block, RoleDocument, SectionKind, SfiaVersion } from '../document/schema.ts'
import type { VacancyDocument } from '../document/vacancy.ts'

/** A json column: read as a value, written as the text that is kept to the letter. */
type Json<T> = ColumnType<T, string, string>
type Time = Generated<string>

/** Which of a role's two documents a reference is of. */
export type DocumentState = 'draft' | 'published'

export interface Database {
  organisations: {
    slug: string
    name: string
    homepage_url: string | null
    four_eyes: Generated<boolean>
    revision: Generated<number>
    created_at: Time
    updated_at: Time
  }
  sfia_versions: { version: SfiaVersion; complete: Generated<boolean>; digest: string | null; loaded_at: Time }
  sfia_skills: { version: SfiaVersion; code: string; name: string; category: string; subcategory: string }
  sfia_levels: { version: SfiaVersion; code: string; level: number }
  skills: {
    slug: string
    name: string
    description: string | null
    level_descriptions: Json<Record<string, string | null>>
    revision: Generated<number>
    created_at: Time
    updated_at: Time
  }
  shared_sections: {
    slug: string
    organisation: string
    kind: SectionKind
    heading: string
    blocks: Json<Block[]>
    revision: Generated<number>
    created_at: Time
    updated_at: Time
  }
  roles: {
    slug: string
    organisation: string
    document: Json<RoleDocument>
    title: GeneratedAlways<string | null>
    revision: Generated<number>
    id_serials: Json<Record<string, number>>
    created_at: Time
    updated_at: Time
    updated_by: string | null
    version: number | null
    published_at: string | null
    published_revision: number | null
    submitted_revision: number | null
    submitted_by: string | null
    submitted_at: string | null
    withdrawn_at: string | null
    withdrawal_reason: string | null
    successor: string | null
  }
  role_versions: {
    role: string
    version: number
    published_at: string
    change_note: string
    change_kind: 'editorial' | 'substantive'
    body: string
    digest: string
    document: Json<RoleDocument>
  }
  role_skills: { role: string; state: DocumentState; skill: string }
  role_sfia_levels: { role: string; state: DocumentState; version: SfiaVersion; code: string; level: number }
  role_shared_sections: { role: string; state: DocumentState; shared_section: string; revision: number | null }
  role_search: {
    role: string
    title: string
    title_key: GeneratedAlways<string>
    tags: string[]
    published_at: string
    item: Json<Record<string, unknown>>
    words: string
    title_words: GeneratedAlways<string>
  }
  vacancies: {
    id: Generated<string>
    organisation: string
    role: string
    version: number
    document: Json<VacancyDocument>
    printed: ColumnType<VacancyDocument | null, string | null, string | null>
    state: 'draft' | 'scheduled' | 'open' | 'closed' | 'withdrawn'
    opens_at: string | null
    closes_at: string | null
    next_change_at: GeneratedAlways<string | null>
    withdrawn_at: string | null
    withdrawal_reason: string | null
    revision: Generated<number>
    created_at: Time
    updated_at: Time
    updated_by: string | null
    profession: string | null
    family: string | null
    grades: string[]
    regions: string[]
    item: Json<Record<string, unknown>>
  }
  vacancy_shared_sections: { vacancy: string; shared_section: string }
  feed_counter: { id: Generated<boolean>; position: number }
  events: {
    id: GeneratedAlways<number>
    position: number | null
    type: string
    occurred_at: Time
    actor: string | null
    owner: string | null
    organisation: string | null
    role: string | null
    subject: string | null
    revision: number | null
    version: number | null
    before_digest: string | null
    after_digest: string | null
    request_id: string | null
    data: Json<Record<string, unknown>>
  }
  idempotency_keys: {
    caller: string
    key: string
    fingerprint: string
    status: number
    headers: Json<Record<string, string>>
    body: string | null
    created_at: Time
  }
  api_keys: {
    id: string
    hash: string
    name: string
    organisation: string
    owner: string
    owner_kind: 'person' | 'system'
    scopes: string[]
    created_at: Time
    created_by: string | null
    expires_at: string | null
    revoked_at: string | null
    last_used_at: string | null
    rotated_to: string | null
  }
  imports: {
    id: Generated<string>
    organisation: string
    role: string
    created_at: Time
    created_by: string | null
    report: Json<Record<string, unknown>>
    draft_digest: string | null
  }
  webhooks: {
    id: Generated<string>
    organisation: string
    url: string
    description: string | null
    event_types: string[]
    organisations: string[]
    roles: string[]
    secret: string
    old_secret: string | null
    old_secret_until: string | null
    created_position: number
    revision: Generated<number>
    created_at: Time
    created_by: string | null
    updated_at: Time
    disabled_at: string | null
    disabled_reason: 'by_request' | 'failing' | 'gone' | null
    failing_since: string | null
    failed_rounds: Generated<number>
    rest_until: string | null
    asked_until: string | null
  }
  webhook_deliveries: {
    serial: GeneratedAlways<number>
    webhook: string
    id: string
    position: number | null
    type: string
    created_at: Time
    status: Generated<'pending' | 'delivered' | 'failed'>
    attempts: Generated<number>
    tries: Generated<number>
    next_attempt_at: ColumnType<string | null, string | null | undefined, string | null>
  }
  webhook_attempts: {
    webhook: string
    delivery: string
    number: number
    started_at: string
    duration_ms: number
    status: number | null
    error: string | null
    response: string | null
  }
  webhook_cursor: { id: Generated<boolean>; position: number }
  import_originals: { import: string; media_type: string; digest: string; bytes: Buffer }
}
