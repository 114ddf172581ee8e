/** What houses call the sections on being employed: who may be, on which terms, and how one applies. */
import type { KindWords } from './section-kinds.ts'

export const employmentWords: KindWords[] = [
  {
    kind: 'nationality',
    phrases: ['nationality', 'nationality requirements', 'nationality rules', 'right to work'],
    like: /nationality|citizen|right to work/,
  },
  {
    kind: 'diversity',
    phrases: [
      'diversity and inclusion',
      'equality diversity and inclusion',
      'equality and diversity',
      'inclusion and diversity',
      'equal opportunities',
      'equality statement',
      'reasonable adjustments',
    ],
    like: /diversity|inclusion|equal|\beeo\b|reasonable a|disability|veterans/,
  },
  {
    kind: 'security',
    phrases: [
      'security',
      'security clearance',
      'security vetting',
      'national security vetting',
      'vetting',
      'pre employment checks',
    ],
    like: /clearance|vetting|security check|pre employment/,
  },
  {
    kind: 'terms',
    phrases: [
      'terms and conditions',
      'terms and conditions of employment',
      'terms of appointment',
      'conditions of service',
      'special conditions',
      'special requirements',
    ],
    like: /^terms\b|conditions/,
  },
  {
    kind: 'benefits',
    phrases: [
      'benefits',
      'what we offer',
      'what we can offer',
      'what we can offer you',
      'what youll get',
      'what you get',
      'our benefits',
      'rewards and benefits',
      'pay and benefits',
      'whats in it for you',
      'why work for us',
      'why join us',
    ],
    like: /benefits|what we (?:can )?offer|reward|whats in it for you|why (?:work|join)/,
  },
  {
    kind: 'selection',
    phrases: [
      'how to apply',
      'selection process',
      'the selection process',
      'application process',
      'recruitment process',
      'how we will assess you',
      'how youll be assessed',
      'things you need to know',
      'next steps',
    ],
    like: /\bapply|application|selection|interview|assess|recruitment process|expect next/,
  },
]
