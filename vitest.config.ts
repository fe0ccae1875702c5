import { availableParallelism } from 'node:os'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromiumArgs, findChromium } from './test/support/chromium.ts'

const inChromium = 'test/browser/**/*.browser.test.ts'
const wholeProgram = 'test/e2e/**/*.test.ts'
const natLab = 'test/nat/**/*.test.ts'
const tidy = 'test/tidy.test.ts'
/** Five relays and twenty peers need the machine to themselves, as the lab does. */
const wholeMesh = 'test/relay/dht/killed-relays.test.ts'
/** What `npm test` leaves to `npm run test:nat`: networks that fail for minutes, and limits of programs that are not ours. */
const wholeNatLab = process.env['NAT_LAB'] === 'all' ? [] : ['test/nat/whole/**']

/** What is polled for comes in a moment, but a busy machine is slow, and no test fails for that: by default it is a second. */
const expectations = { poll: { timeout: 30_000 } }

// `include` stands inside the projects: one at the root would be merged into each of them.
export default defineConfig({
  test: {
    projects: [
      {
        plugins: [svelte({ configFile: false })],
        test: {
          name: 'unit',
          expect: expectations,
          environment: 'node',
          // Many of them wait for programs of their own, or for time to pass.
          maxWorkers: availableParallelism() + 1,
          // A process of its own for each of them spends a fifth of the processor time on loading the same modules.
          isolate: false,
          // A busy machine is slow; no test fails for that.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'test/bench/**', inChromium, wholeProgram, natLab, wholeMesh, tidy]
        }
      },
      // A part of `npm run check`, and not of `npm test`.
      { test: { name: 'tidy', environment: 'node', include: [tidy], testTimeout: 180_000 } },
      {
        plugins: [svelte({ configFile: false })],
        test: {
          name: 'browser',
          expect: expectations,
          include: [inChromium],
          testTimeout: 90_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: findChromium(), args: chromiumArgs } }),
            instances: [{ browser: 'chromium' }]
          }
        }
      },
      {
        test: {
          name: 'e2e',
          expect: expectations,
          environment: 'node',
          include: [wholeProgram],
          globalSetup: ['test/support/build-page.ts'],
          // They mostly wait for each other; more than two files at a time keep a small machine from answering in time.
          maxWorkers: 2,
          // As above.
          isolate: false,
          testTimeout: 360_000,
          hookTimeout: 360_000
        }
      },
      {
        test: {
          name: 'nat',
          expect: expectations,
          environment: 'node',
          include: [natLab, wholeMesh],
          exclude: wholeNatLab,
          globalSetup: ['test/support/build-page.ts'],
          fileParallelism: false,
          testTimeout: 540_000,
          hookTimeout: 360_000
        }
      }
    ]
  }
})
