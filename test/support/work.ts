/** The processor time in milliseconds that this process has used: other than the clock it tells nothing of who else is at work. */
export function workMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
