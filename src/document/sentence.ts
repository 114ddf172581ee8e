/** A text of others as a sentence, with its full stop. */
export const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)
