/** The thread that writes pages of large roles. */
import { doTasks } from '../threads.ts'
import { type PageContent, pageOf } from './page.ts'
import { createViews, type Views } from './views.ts'

export type PageTask = PageContent & { service: { name: string; crownBranding: boolean } }

let views: Views | undefined

doTasks(({ service, ...content }: PageTask) => {
  views ??= createViews(service)
  return pageOf(views, content)
})
