import type { Tell } from '../../store/maintenance/copy.ts'
import type { Terminal } from '../terminal.ts'

const BAR_CHARACTERS = 30
const PERCENT_A_LINE = 25

/** Shows how far a copy is: one line that is written over on a screen, a few lines elsewhere. */
export function progressOn(terminal: Terminal): Tell {
  let shown = ''
  return ({ doing, done, all }) => {
    const percent = all === 0 ? 100 : Math.floor((100 * done) / all)
    const step = terminal.isScreen ? percent : percent - (percent % PERCENT_A_LINE)
    if (shown === `${doing} ${step}`) return
    shown = `${doing} ${step}`
    terminal.error(
      terminal.isScreen ? `\r${bar(percent)} ${doing}${percent === 100 ? '\n' : ''}` : `${step} % ${doing}\n`,
    )
  }
}

function bar(percent: number): string {
  const full = Math.round((BAR_CHARACTERS * percent) / 100)
  return `[${'#'.repeat(full)}${' '.repeat(BAR_CHARACTERS - full)}] ${String(percent).padStart(3)} %`
}
