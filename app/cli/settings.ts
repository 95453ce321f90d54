import { type Config, type ConfigInput, examineConfig } from '../config.ts'

/** Reads .env of this folder, where there is one; what the environment has already stays. */
export function loadEnvFile(): void {
  try {
    process.loadEnvFile('.env')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** These of the settings, of the environment and of .env unless a test gives its own; or what is wrong with them. */
export function readSettings<Name extends keyof Config & keyof ConfigInput>(
  names: readonly Name[],
  values: ConfigInput | undefined,
): Pick<Config, Name> | { wrong: string } {
  if (!values) loadEnvFile()
  const { settings, problems } = examineConfig(values)
  const wrong = problems.filter((problem) => names.some((name) => problem.startsWith(`${name} `)))
  if (wrong.length > 0) return { wrong: wrong.join('\n') }
  return Object.fromEntries(names.map((name) => [name, settings[name]])) as Pick<Config, Name>
}
