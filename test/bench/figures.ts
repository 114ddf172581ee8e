/** What measurements are summed up by. */

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b)

/** 0 where there are none. */
export const median = (values: readonly number[]) => sorted(values)[Math.floor(values.length / 2)] ?? 0

/** The value that this part of them, 0 to 1, does not exceed; 0 where there are none. */
export const quantile = (values: readonly number[], part: number) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0
