// Documents are read in threads that end when a document goes beyond a limit.
import t from 'tap'
import { createImportPool, ImportBusyError } from '../../src/imports/pool.ts'
import { createThreadPool } from '../../src/threads.ts'
import { bytes, contextOf, ourSample } from '../support/documents.ts'
import { until } from '../support/until.ts'

// A thread that runs sources compiles them first, which takes seconds on a busy machine.
t.setTimeout(300_000)

t.test('reads in a thread, ends what takes too long, and goes on', async t => {
  const pool = createImportPool({ timeLimitMs: 20_000 })
  t.after(() => pool.close())
  await pool.warm()
  const { document } = await pool.run(ourSample(), 'text/markdown', contextOf())
  t.equal(document?.title, 'Data Engineer')
  const problems = (await pool.run(bytes('# Title'), 'text/markdown', contextOf())).problems
  t.equal(problems[0]?.code, 'no_content')
})

t.test('catastrophic documents end at the time limit', async t => {
  const pool = createImportPool({ timeLimitMs: 300 })
  t.after(() => pool.close())
  for (const hostile of ['['.repeat(500_000), `${'> '.repeat(50_000)}x`]) {
    const { document, problems } = await pool.run(bytes(hostile), 'text/markdown', contextOf())
    t.equal(document, null)
    t.same(problems, [
      {
        line: null,
        pointer: '',
        code: 'too_complex',
        detail: 'Reading the document took too long, so it was given up. Send it with simpler mark-up, or in parts',
      },
    ])
  }
})

t.test('a document that needs too much memory ends at the memory limit', async t => {
  // The reader takes less than 40; what counts the lines that a test runs takes some too.
  const pool = createImportPool({ timeLimitMs: 60_000, memoryMib: 96 })
  t.after(() => pool.close())
  const { problems } = await pool.run(bytes('<i>x</i> '.repeat(400_000)), 'text/html', contextOf())
  t.match(problems, [{ code: 'too_complex', detail: /too much memory/ }])
  const { document } = await pool.run(ourSample(), 'text/markdown', contextOf())
  t.equal(document?.title, 'Data Engineer', 'the next document is read')
})

t.test('a thread that ends between two documents ends nothing else, and another takes its place', async t => {
  const program = `
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', task => {
      parentPort.postMessage({ result: 'done' })
      const told = new Int32Array(task)
      setInterval(() => {
        if (Atomics.load(told, 0) === 1) throw new Error('nobody waits for this')
      }, 5)
    })
    parentPort.postMessage({ ready: true })`
  const pool = createThreadPool<SharedArrayBuffer, string>(
    new URL(`data:text/javascript,${encodeURIComponent(program)}`),
  )
  t.after(() => pool.close())
  for (let round = 0; round < 3; round++) {
    let hasEnded = false
    process.once('worker', worker =>
      worker.on('exit', () => {
        hasEnded = true
      }),
    )
    const task = new SharedArrayBuffer(4)
    t.equal(await pool.run(task), 'done')
    // Its answer is here: from now on nobody waits for it.
    Atomics.store(new Int32Array(task), 0, 1)
    await until(() => hasEnded)
  }
})

t.test('a full queue is busy, and the event loop stays free', async t => {
  const pool = createImportPool({ queueMax: 2 })
  t.after(() => pool.close())
  const runs = Array.from({ length: 5 }, () => pool.run(ourSample(), 'text/markdown', contextOf()))
  const settled = await Promise.allSettled(runs)
  t.same(
    settled.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
  )
  const [, , , refused] = settled
  t.ok(refused?.status === 'rejected' && refused.reason instanceof ImportBusyError)
})
