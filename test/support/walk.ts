import type { Call, callerOf } from './call.ts'

/** The pages of a list from a path on, as their links lead from one to the next, with work done after each. */
export async function walk(
  call: ReturnType<typeof callerOf>,
  path: string,
  between: () => Promise<void>,
  options: Call = { key: null },
): Promise<unknown[]> {
  const pages: unknown[] = []
  for (let next: string | undefined = path; next; ) {
    const { body, headers } = await call(`GET ${next}`, options)
    pages.push(body)
    next = /^<([^>]+)>; rel="next"$/.exec(String(headers.link ?? ''))?.[1]
    await between()
  }
  return pages
}
