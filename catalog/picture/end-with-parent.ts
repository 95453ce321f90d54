// Imported first by processes that work on what strangers drew or wrote: who started one may be killed, and then nobody would stop it.

const LOOK_EVERY_MS = 1000

const parent = process.ppid
const timer = setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL') // to exit in order would wait for what is being drawn
}, LOOK_EVERY_MS)
timer.unref()
