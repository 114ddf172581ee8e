import { build } from './app.ts'
import { connect } from './database/connect.ts'

/** The OpenAPI document of this code as openapi/openapi.json holds it. Needs no database: nothing is asked of it. */
export async function contractText(): Promise<string> {
  const db = connect({ url: 'postgres://nowhere' })
  const app = await build({
    db,
    authenticate: async () => null,
    pepper: '',
    webhooks: { key: '', allowLoopback: false },
    baseUrl: 'http://localhost',
    cacheBytesMax: 0,
  })
  try {
    await app.ready()
    return `${JSON.stringify(app.swagger(), null, 2)}\n`
  } finally {
    await app.close()
    await db.destroy()
  }
}
