import { z } from 'zod'
import { Sentence } from './sentence.ts'

const PORT_ERROR = 'a whole number from 0 to 65535'
const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

const Settings = z.object({
  PORT: z.coerce.number({ error: PORT_ERROR }).int(PORT_ERROR).min(0, PORT_ERROR).max(65_535, PORT_ERROR).default(3000),
  LOG_LEVEL: z.enum(LEVELS).default('warn'),
})

/** What the sandbox takes from the environment: its port, how much the app logs, and who runs it. Throws a Sentence. */
export function readSettings(): z.output<typeof Settings> & { isRunByNpm: boolean } {
  const { PORT, LOG_LEVEL, npm_lifecycle_event } = process.env
  const result = Settings.safeParse({ PORT: PORT || undefined, LOG_LEVEL: LOG_LEVEL || undefined })
  if (result.success) return { ...result.data, isRunByNpm: npm_lifecycle_event !== undefined }
  const problems = result.error.issues.map((issue) => `${String(issue.path[0])} is not right: ${issue.message}.`)
  throw new Sentence(problems.join('\n'))
}
