/** The thread that writes Word files, which takes many times as long as any other format, and all that is large. */
import { doTasks } from '../threads.ts'
import { type Printing, print } from './print.ts'

export interface RenderTask extends Printing {
  /** A Source as JSON, which is handed over in less time than an object. */
  source: string
}

doTasks(async ({ source, ...printing }: RenderTask) => print(JSON.parse(source), printing))
