// Run by several.test.ts as a process of its own: claims every job that is due in a PostgreSQL database, says how many, and works on
// them until it is killed. `node claimer.ts <postgres://…>`
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { openPostgresStore } from '../../app/store/postgres/postgres.ts'

const [url = ''] = process.argv.slice(2)
const store = await openPostgresStore({ url, key: 'k'.repeat(32), random: randomBytes, log: { warn: () => {} } })
const jobs = await store.claimJobs(new Date(), 100, 120, 'github')
writeSync(1, `${jobs.length}\n`)
setInterval(() => {}, 1_000)
