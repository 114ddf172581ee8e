/** The thread that writes Word files, which takes many times as long as any other format. */
import { doTasks } from '../threads.ts'
import type { Source } from './rendering.ts'
import { renderWord } from './word.ts'

export interface WordTask {
  source: Source
  time: string
}

doTasks(({ source, time }: WordTask) => renderWord(source, time))
