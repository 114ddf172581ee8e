/** The path of a request's target, without its query. */
export const pathOf = (url: string): string => url.split('?', 1)[0] ?? '/'

/** `/v1/roles/:role` as an expression that tells whether a path is of that form. */
export const pathPattern = (url: string) =>
  new RegExp(
    `^${url
      .replace(/[.+]/g, '\\$&')
      .replace(/:[a-z_]+/gi, '[^/]+')
      .replace(/\*$/, '.*')}$`,
  )
