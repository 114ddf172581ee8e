/** The codes of single things that are wrong, as `errors` of a problem and the validation of a draft or an advert have them. */

/** Of what has not the form that the contract asks for. */
export const formCodes = {
  blank: 'there must be text',
  duplicate: 'an entry stands twice',
  invalid: 'another rule of the contract',
  missing_member: 'a member must be sent',
  not_in_list: 'the value is none of those that there are',
  too_few: 'the list is too short',
  too_large: 'the number is too high, or the whole too large',
  too_long: 'the text is too long',
  too_many: 'the list is too long',
  too_short: 'the text is too short',
  too_small: 'the number is too low',
  unknown_member: 'there is no member of this name',
  wrong_form: 'the text is written in another way',
  wrong_type: 'the value is of another JSON type',
} as const

/** Of rules beyond the form. */
export const ruleCodes = {
  block_of_role:
    'a table of skills, SFIA skills or details belongs to a role; what is shared or advertised has texts and lists',
  blocks_of_shared_section: 'the blocks of a section that uses a shared section come from there; send none',
  cursor_gone: 'the register was restored from a backup and has forgotten the event of this cursor; ask by time',
  duplicate_id: 'an id stands twice; leave it out of what is new',
  duplicate_member: 'an object has two members of one name; send one',
  empty_section: 'a section has nothing to print; fill or remove it',
  missing: 'a field of a form is empty; fill it in',
  no_grade: 'a role needs a grade to be published',
  no_responsibilities: 'a role needs a section of the kind responsibilities to be published',
  no_role_summary: 'a role needs a section of the kind role_summary to be published',
  no_title: 'a role needs a title to be published',
  not_optional: 'the item is printed without being chosen; choose optional ones only',
  not_with_role: 'slug names a new role and role one that exists; send one of them',
  one_of: 'of several members exactly one must be sent',
  other_kind: 'the shared section is of another kind; give the section the same',
  printed_twice: 'two blocks print the same thing; keep one',
  read_only: 'the member is changed in another way, or not any more; send it as it is',
  required: 'Google or Civil Service Jobs needs it; fill it in before the vacancy is opened',
  role_withdrawn: 'the role of the vacancy is withdrawn; advertise another, or publish it again',
  sfia_level_not_valid: 'the SFIA skill has no such level in this version of SFIA; take one that it has',
  sfia_not_loaded: 'the code is none of the few that are loaded of this version of SFIA; have all of it loaded',
  sfia_unknown_code: 'this version of SFIA has no such code; take one that it has',
  too_deep: 'lists and objects stand more than 32 deep in each other',
  too_early: 'the time is not after now, or not after the one that it follows',
  unknown_delivery: 'the webhook has no such delivery; name one of its log, or ask by position or time',
  unknown_item: 'the version has no such item in that section',
  unknown_organisation: 'there is no such organisation',
  unknown_role: 'there is no such role that can be used here: published, and mostly of your organisation',
  unknown_section: 'the draft has no such section',
  unknown_shared_section: 'the organisation has no such shared section',
  unknown_skill: 'there is no such skill in the catalogue, or in the version that is advertised',
  unknown_version: 'the role has no such version',
  unprinted_skill: 'no section prints the skill; add a skills block of its importance',
  unstorable_character: 'the text holds a control character or half of a pair of surrogates; leave it out',
  wrong_address: 'the address cannot be sent to; it must be public, by https on port 443 or 8443',
  wrong_code: 'the code of a SFIA mapping is part of its address; add another mapping with POST',
  wrong_id: 'the register gives ids, and they stay; leave it out of what is new',
  wrong_label: 'the code of the grade has another label; leave it out to have it filled in',
  wrong_order: 'an order names each section once, and no other',
  wrong_status: 'the vacancy has another status than this takes',
  wrong_text: 'the text is not of the inline CommonMark that is taken: emphasis, strong, code and links',
  wrong_time: 'the time is past where it must be to come, or to come where it must be past',
} as const

/** Of documents that cannot become a draft. */
export const documentCodes = {
  damaged: 'the file is damaged; send it again',
  empty_document: 'there is nothing in it',
  encrypted: 'the Word file is encrypted; save it without a password',
  limit_exceeded: 'it has more of something than a role may have',
  looks_like_markdown: 'it is Markdown sent as HTML; send it as text/markdown',
  macros: 'the Word file holds macros; save it without',
  nesting_too_deep: 'lists stand too deep in each other; nest them two deep',
  no_content: 'there is nothing in it that a role could hold',
  not_a_role: 'it has nothing that a role definition has',
  not_text: 'the body is no text in UTF-8',
  not_word: 'the file is not one that Word writes; save it anew in Word',
  too_complex: 'reading it took too long or too much memory; send it with simpler mark-up, or in parts',
  unsafe_name: 'a part of the Word file has a name that leads out of it; save it anew in Word',
  zip_bomb: 'the Word file unpacks to more than any document does; save it anew in Word',
} as const

/** What each code means, and where that does not say it, what would be right. The compiler lets nothing have another code. */
export const findingCodes = { ...formCodes, ...ruleCodes, ...documentCodes } as const

export type FindingCode = keyof typeof findingCodes
