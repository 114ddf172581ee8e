/** The arguments of a command are not right; the message says what would be. */
export class ArgumentsError extends Error {
  override name = 'ArgumentsError'
}
