/** The processor time in milliseconds that this process has used: other than the clock it tells nothing of who else is at work. */
export function workMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/**
 * Whether four times as much of something takes about four times as long, and the times. Other work on the machine costs
 * processor time too: what is slow by itself is slow each time.
 */
export function growth(work: (count: number) => void, count: number): { isLinear: boolean; times: string } {
  const timed = (of: number) => {
    const began = workMs()
    work(of)
    return workMs() - began
  }
  work(count / 4)
  const times: string[] = []
  let isLinear = false
  while (!isLinear && times.length < 3) {
    const [few, many] = [timed(count), timed(count * 4)]
    isLinear = many < few * 8
    times.push(`${Math.round(few)} ms, ${Math.round(many)} ms`)
  }
  return { isLinear, times: times.join('; ') }
}
