/** What a Prometheus server reads at /metrics. Labels are templates of routes, never paths: their number is bounded. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Kysely } from 'kysely'
import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import { Type } from 'typebox'
import { poolStatus } from '../database/connect.ts'
import type { Database } from '../database/types.ts'
import { cacheControl } from './read.ts'

/** Upper bounds in seconds. A cached read takes a fraction of a millisecond, a statement at most its time limit. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Durations of one route with one status. */
class Series {
  readonly labels: Record<string, string | number>
  /** How many durations were within each bound and beyond the one before. */
  readonly counts = new Array<number>(bounds.length + 1).fill(0)
  sum = 0

  constructor(labels: Record<string, string | number>) {
    this.labels = labels
  }

  observe(seconds: number): void {
    let index = 0
    while (index < bounds.length && seconds > (bounds[index] as number)) index += 1
    this.counts[index] = (this.counts[index] as number) + 1
    this.sum += seconds
  }
}

const durationName = 'http_request_duration_seconds'

/**
 * The durations of requests by method, route and status. Counted by hand and handed to prom-client when it is asked: its
 * own histogram makes a string of all labels at each observation, which would be a twentieth of a cached read.
 */
export class RequestDurations {
  readonly name = durationName
  readonly #series: Series[] = []
  readonly #routes = new Map<string, (status: number, ms: number) => void>()

  /** A function that notes a duration of one route, in milliseconds; the same one for the same route. */
  ofRoute(method: string, route: string): (status: number, ms: number) => void {
    const key = `${method} ${route}`
    const known = this.#routes.get(key)
    if (known) return known
    const byStatus = new Map<number, Series>()
    const observe = (status: number, ms: number) => {
      let series = byStatus.get(status)
      if (series === undefined) {
        series = new Series({ method, route, status })
        byStatus.set(status, series)
        this.#series.push(series)
      }
      series.observe(ms / 1000)
    }
    this.#routes.set(key, observe)
    return observe
  }

  /** As prom-client's registry asks for it. */
  async get() {
    const values = this.#series.flatMap(({ labels, counts, sum }) => {
      let total = 0
      const buckets = counts.map((count, index) => {
        total += count
        return {
          metricName: `${durationName}_bucket`,
          labels: { ...labels, le: bounds[index] ?? '+Inf' },
          value: total,
        }
      })
      return [
        ...buckets,
        { metricName: `${durationName}_sum`, labels, value: sum },
        { metricName: `${durationName}_count`, labels, value: total },
      ]
    })
    return {
      name: durationName,
      help: 'Time from the head of a request to its answer being handed over',
      type: 'histogram',
      values,
    }
  }

  reset(): void {
    this.#series.length = 0
  }
}

/** Memory, CPU, event loop and garbage collection belong to the process, however many apps are in it. */
let processMetrics: Registry | undefined

function ofProcess(): Registry {
  if (processMetrics === undefined) {
    processMetrics = new Registry()
    collectDefaultMetrics({ register: processMetrics })
  }
  return processMetrics
}

interface MetricsOptions {
  db: Kysely<Database>
  durations: RequestDurations
  cache: { hits: number; misses: number; bytes: number; listening: boolean }
  pressure: { shed: number; inFlight: number; limit: number; loopDelayMs: number }
  signal: { waiting: number }
  /** Absent where nothing is limited. */
  limiter?: { refused: number } | undefined
}

function registryOf({ db, durations, cache, pressure, signal, limiter }: MetricsOptions): Registry {
  const registry = new Registry()
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value())
      },
    })
  const counter = (name: string, help: string, value: () => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(value())
      },
    })
  registry.registerMetric(durations as unknown as Metric)
  new Gauge({
    name: 'database_pool_connections',
    help: 'Connections of the pool by state, and requests that wait for one',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { max, total, idle, waiting } = poolStatus(db)
      for (const [state, count] of Object.entries({ max, total, idle, waiting })) this.set({ state }, count)
    },
  })
  gauge('requests_in_flight', 'Requests that are worked on or wait for the database', () => pressure.inFlight)
  gauge('requests_in_flight_limit', 'How many of those are let in at once, now', () => pressure.limit)
  gauge('feed_waiters', 'Requests that wait for a change and hold nothing else', () => signal.waiting)
  gauge(
    'event_loop_delay_seconds',
    'How late the event loop is, as shedding sees it',
    () => pressure.loopDelayMs / 1000,
  )
  counter('requests_shed_total', 'Requests refused because there was too much to do', () => pressure.shed)
  counter(
    'requests_rate_limited_total',
    'Requests refused because their caller sent too many',
    () => limiter?.refused ?? 0,
  )
  counter('role_cache_hits_total', 'Published roles answered from memory', () => cache.hits)
  counter('role_cache_misses_total', 'Published roles that were asked of the database', () => cache.misses)
  gauge('role_cache_bytes', 'Memory that published roles take', () => cache.bytes)
  gauge('role_cache_listening', '1 while publications are heard of and the cache is trusted', () =>
    Number(cache.listening),
  )
  return Registry.merge([ofProcess(), registry])
}

/** GET /metrics, in the text format 0.0.4. */
export const metrics: FastifyPluginAsyncTypebox<MetricsOptions> = async (app, options) => {
  let registry: Registry | undefined
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'getMetrics',
        summary: 'Metrics of this process for Prometheus',
        tags: ['Service'],
        response: { 200: Type.String() },
      },
      config: { scope: 'metrics:read', produces: ['text/plain'] },
    },
    async (_request, reply) => {
      registry ??= registryOf(options)
      const text = await registry.metrics()
      reply.header('cache-control', cacheControl.private).type(registry.contentType)
      return reply.send(text) as never
    },
  )
}
