/** Runs parts by their names, one after the other, and ends with `N passed, N failed`. */
export async function report(parts: Readonly<Record<string, () => Promise<unknown>>>): Promise<void> {
  let passed = 0
  let failed = 0
  for (const [name, run] of Object.entries(parts)) {
    const began = Date.now()
    try {
      const figures = await run()
      passed += 1
      const seconds = ((Date.now() - began) / 1000).toFixed(1)
      console.log(`ok ${name} (${seconds} s)${typeof figures === 'string' ? `: ${figures}` : ''}`)
    } catch (error) {
      failed += 1
      console.log(`NOT OK ${name}: ${error instanceof Error ? error.stack : error}`)
    }
  }
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}
