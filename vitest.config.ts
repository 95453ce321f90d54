import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/databases.ts',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Much of a test is waiting: for a browser, a build, another process.
    maxWorkers: 3,
  },
})
