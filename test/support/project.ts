import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The folder of the project; tests run compiled, from a folder of their own that has what is in it, but not what is beside it. */
export const project = process.env.TEST_PROJECT ?? join(import.meta.dirname, '..', '..')

/** What may lie beside the project, and is no part of it: real documents and licensed tables. */
export const shared = pathToFileURL(join(project, '..', 'shared', '/'))
