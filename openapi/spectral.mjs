// biome-ignore-all lint/suspicious/noThenProperty: the word is Spectral's.
// Spectral's rules for OpenAPI and OWASP's for APIs. Each exception says why; a warning fails too.
import owasp from '@stoplight/spectral-owasp-ruleset'
import { oas } from '@stoplight/spectral-rulesets'

/**
 * Where a rule looks for schemas of a type in what callers send: parameters and bodies. Headers have one limit for all of
 * them together, 16 KiB, beyond which the answer is 431.
 */
const inRequests = type =>
  ['parameters[?(@.in !== "header")]', 'requestBody'].flatMap(part => [
    `$.paths[*][*].${part}..[?(@ && @.type === "${type}")]`,
    `$.paths[*][*].${part}..[?(@ && @.type && @.type.constructor.name === "Array" && @.type.includes("${type}"))]`,
  ])

// What the register answers is bounded by what it took in and by its pages. A limit on an answer would promise callers
// what they cannot use, and each later member that is longer would break the contract.
const ofRequests = (name, type) => ({ ...owasp.rules[name], given: inRequests(type) })

const stringLimit = ofRequests('owasp:api4:2023-string-limit', 'string')

export default {
  extends: [
    [oas, 'recommended'],
    [owasp, 'recommended'],
  ],
  rules: {
    'owasp:api4:2023-array-limit': ofRequests('owasp:api4:2023-array-limit', 'array'),
    'owasp:api4:2023-integer-limit': ofRequests('owasp:api4:2023-integer-limit', 'integer'),
    'owasp:api4:2023-string-limit': {
      ...stringLimit,
      then: {
        ...stringLimit.then,
        functionOptions: {
          schema: {
            type: 'object',
            anyOf: [
              ...stringLimit.then.functionOptions.schema.anyOf,
              // A whole pattern that repeats nothing with + or * says how long the longest is: two limits would give two errors.
              { required: ['pattern'], properties: { pattern: { pattern: '^\\^([^+*\\[]|\\[[^\\]]*\\])*\\$$' } } },
              // These have one length, or one up to the digits of a second.
              { required: ['format'], properties: { format: { enum: ['date', 'date-time', 'uuid'] } } },
            ],
          },
        },
      },
    },
    // Titles, reasons, searches and statements are free text: no pattern says more than that they are not blank. NUL and
    // lone surrogates are refused in every body and query.
    'owasp:api4:2023-string-restricted': 'off',
    // What needs a key is closed to scripts of other origins on purpose, and so has no such header: it is asked for where
    // anybody may read.
    'owasp:api8:2023-define-cors-origin': {
      ...owasp.rules['owasp:api8:2023-define-cors-origin'],
      given: '$.paths[*][*]',
      then: { function: requireCorsOfPublicReads },
    },
    // OpenAPI 3.1 lets a bearer scheme name the roles that an operation needs (§4.8.30); this rule knows 3.0 only. That
    // each is a scope of the register is tested in test/matrix.test.ts.
    'oas3-operation-security-defined': 'off',
  },
}

function requireCorsOfPublicReads({ security = [], responses = {} }) {
  const isOpen = security.some(entry => Object.keys(entry).length === 0)
  return Object.entries(responses)
    .filter(([status]) => /^[23]/.test(status))
    .filter(([, { headers = {} }]) => 'Access-Control-Allow-Origin' in headers !== isOpen)
    .map(([status]) => ({
      message: `Access-Control-Allow-Origin must stand in ${status} exactly where anybody may read.`,
    }))
}
