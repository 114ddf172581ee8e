// Whether the service in this container is alive: the image has no curl.
const answer = await fetch(`http://127.0.0.1:${process.env.PORT ?? 3000}/health/live`, {
  signal: AbortSignal.timeout(2000),
})
process.exit(answer.ok ? 0 : 1)
