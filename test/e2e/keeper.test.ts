import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright'
import { expect, it } from 'vitest'
import { keepGoneMs } from '../../src/core/limits.ts'
import type { ShownKeepState } from '../../src/ui/keep-line.ts'
import { launchBrowser } from '../support/browsers.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { byId, openLink, savedSha256, shareFiles, untilState } from '../support/person.ts'
import { type Program, type Quire, runProgram, startProgram, startQuire } from '../support/program.ts'
import { filesBelow, foundIn, memoryOf, secretsOf, textForms } from '../support/searching.ts'
import { seededBytes } from '../support/seeded.ts'

const untilKeep = (page: Page, state: ShownKeepState) =>
  page.locator(`[data-testid="keep-state"]:text-is("${state}")`).waitFor({ state: 'attached', timeout: 90_000 })

async function startKeeper(dir: string, { url }: Quire, ...flags: string[]): Promise<Program> {
  const args = ['--rest-port', '0', '--data', dir, '--relay', url, '--json', ...flags]
  const keeper = startProgram('relay/cli.ts', ['keeper', ...args])
  await keeper.line()
  return keeper
}

/** The engine's clock goes so far forward, again and again, until this is shown: a keeper that restarts is not given up. */
async function untilLater(page: Page, byMs: number, shown: Locator): Promise<void> {
  const forward = (ms: number) => {
    const now = Date.now
    Date.now = () => now() + ms
  }
  for (let tries = 0; tries < 30 && !(await shown.first().isVisible()); tries++) {
    await Promise.all(page.workers().map((worker) => worker.evaluate(forward, byMs)))
    // Time: meanwhile keepers that are there answer, and one that is not is tried again.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
  }
  await shown.first().waitFor()
}

const copiesAt = async ({ url }: Quire): Promise<unknown> =>
  ((await (await fetch(`${url}/healthz`)).json()) as { copies?: number }).copies

it('a file is there for whoever opens its link after the browser that shared it is closed, once the page says so', async () => {
  await using place = await temporaryFolder('keeper')
  await using quire = await startQuire({ keeper: true })
  const content = new Uint8Array([...seededBytes(81, 3_000_000), ...Buffer.from('the quick brown zebra')])
  const path = join(place.path, 'Geheimer Plan Zebra.bin')
  await writeFile(path, content)
  const alice = await launchBrowser()
  const link = await shareFiles(alice.page, quire.url, [path])
  expect(await byId(alice.page, 'keep-switch').getAttribute('aria-checked')).toBe('true')
  await alice.page.getByText('The sealed copy leaves this tab, the key does not').waitFor()
  await untilKeep(alice.page, 'safe')
  await alice.page.getByText('Until then the link works without this tab').waitFor()
  await alice.page
    .getByText(`${new URL(quire.url).host} has all of it and keeps it until`)
    .last()
    .waitFor()
  await alice.close()

  await using bob = await launchBrowser()
  await openLink(bob.page, link)
  await untilState(bob.page, 'complete')
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))

  // Who serves the page, carries the link's peers and keeps the copy knows nothing that opens it. [KE18] The relay's
  // own test searches in every writing.
  const places = { memory: await memoryOf(quire.program.process.pid!), disk: await filesBelow(quire.dataDir) }
  const all = { ...secretsOf(link), ...textForms('name', 'Plan Zebra'), ...textForms('text', 'brown zebra') }
  const needles = Object.fromEntries(Object.entries(all).filter(([name]) => !name.includes(' in ')))
  for (const [name, parts] of Object.entries(places)) expect([name, foundIn(parts, needles)]).toEqual([name, []])
})

it('without the switch a keeper holds nothing, and this browser asks none for the next share', async () => {
  await using place = await temporaryFolder('keeper')
  await using quire = await startQuire({ keeper: true })
  await using alice = await launchBrowser()
  const [first, second] = [join(place.path, 'first.bin'), join(place.path, 'second.bin')]
  await Promise.all([writeFile(first, seededBytes(82, 100_000)), writeFile(second, seededBytes(83, 100_000))])
  await shareFiles(alice.page, quire.url, [first])
  await untilKeep(alice.page, 'safe')
  expect(await copiesAt(quire)).toBe(1)
  await byId(alice.page, 'keep-switch').click()
  await untilKeep(alice.page, 'off')
  await expect.poll(() => copiesAt(quire), { timeout: 30_000 }).toBe(0)
  await alice.page.getByText('Only this tab has it').or(alice.page.getByText('No other copy is in sight')).waitFor()

  await shareFiles(alice.page, quire.url, [second])
  await untilState(alice.page, 'sharing')
  expect(await byId(alice.page, 'keep-switch').getAttribute('aria-checked')).toBe('false')
  await untilKeep(alice.page, 'off')
  expect(await copiesAt(quire)).toBe(0)
})

it('[KE20] [KE21] a keeper that no relay names is found, says its terms, and keeps a share whose tab is closed', async () => {
  await using place = await temporaryFolder('keeper')
  await using quire = await startQuire()
  await using _keeper = await startKeeper(join(place.path, 'keeper'), quire)
  const content = seededBytes(85, 1_000_000)
  const path = join(place.path, 'found.bin')
  await writeFile(path, content)
  const alice = await launchBrowser()
  const link = await shareFiles(alice.page, quire.url, [path])
  await untilKeep(alice.page, 'safe')
  await alice.page.getByText(/found on the network, up to/).waitFor()
  await alice.close()
  await using bob = await launchBrowser()
  await openLink(bob.page, link)
  await untilState(bob.page, 'complete')
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))
})

it('[KE12] [KE19] [KE23] two keepers have it; when one is killed the page says so, and the other is enough', async () => {
  await using place = await temporaryFolder('keeper')
  await using quire = await startQuire({ keeper: true })
  const { host } = new URL(quire.url)
  await using second = await startKeeper(join(place.path, 'keeper'), quire)
  const content = seededBytes(86, 2_000_000)
  const path = join(place.path, 'twice.bin')
  await writeFile(path, content)
  const alice = await launchBrowser()
  const link = await shareFiles(alice.page, quire.url, [path])
  await alice.page.getByText('2 keepers have all of it and keep it until').last().waitFor()
  await alice.page.getByText(/found on the network, up to/).waitFor()
  await alice.page.getByText('2 keepers have it.').waitFor()
  await second.kill()
  await alice.page.reload()
  await untilKeep(alice.page, 'safe')
  await untilLater(alice.page, keepGoneMs, alice.page.getByText(/not reached since/))
  await alice.page.getByText(`${host} has all of it and keeps it until`).last().waitFor()
  await alice.page.getByText('Safe to close').last().waitFor()
  await alice.close()
  await using bob = await launchBrowser()
  await openLink(bob.page, link)
  await untilState(bob.page, 'complete')
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))
})

it('[KE3] [KE29] a keeper by invitation keeps for whoever took its link in the page, and for nobody else', async () => {
  await using place = await temporaryFolder('keeper')
  await using quire = await startQuire()
  const data = join(place.path, 'keeper')
  await using _keeper = await startKeeper(data, quire, '--by-invitation', '--data-set-max', '300000000')
  const [invitation] = (await runProgram('relay/cli.ts', ['invite', 'Alice', '--data', data])).lines as [string]
  const content = seededBytes(87, 1_000_000)
  const path = join(place.path, 'invited.bin')
  await writeFile(path, content)

  await using stranger = await launchBrowser()
  await shareFiles(stranger.page, quire.url, [path])
  await untilKeep(stranger.page, 'none')

  const alice = await launchBrowser()
  await openLink(alice.page, `${invitation.slice(0, -9)}`)
  await alice.page.getByText('Its end is missing').waitFor()
  await alice.page.keyboard.press('Escape')
  await alice.page.getByRole('button', { name: 'Open a link' }).press('Enter')
  await alice.page.getByPlaceholder('Paste a Quire link').fill(invitation)
  await alice.page.keyboard.press('Enter')
  await alice.page.getByText(/^\w+ \w+ keeps up to 300.MB a share for you, for 30 days\.$/).waitFor()
  await alice.page.getByRole('button', { name: 'Take the invitation' }).press('Enter')
  await alice.page.getByText('is asked from now on').first().waitFor()
  // What was taken is remembered.
  await alice.page.reload()
  const link = await shareFiles(alice.page, quire.url, [path])
  await untilKeep(alice.page, 'safe')
  await alice.page.getByText(/by invitation, up to 300.MB a share, for 30 days/).waitFor()
  expect((await runProgram('relay/cli.ts', ['ls', '--data', data])).lines).toHaveLength(1)
  await alice.page.getByRole('button', { name: /^Forget the invitation of/ }).click()
  await alice.page.getByText('is offered nothing more').first().waitFor()
  await untilKeep(alice.page, 'safe')
  await alice.close()

  await using bob = await launchBrowser()
  await openLink(bob.page, link)
  await untilState(bob.page, 'complete')
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))
})

it('where there is no keeper the page says so, and that the tab has to stay', async () => {
  await using place = await temporaryFolder('keeper')
  await using quire = await startQuire()
  await using alice = await launchBrowser()
  const path = join(place.path, 'only.bin')
  await writeFile(path, seededBytes(84, 100_000))
  await shareFiles(alice.page, quire.url, [path])
  await untilKeep(alice.page, 'none')
  await alice.page.getByText('No keeper is known here').last().waitFor()
  await alice.page.getByText('Only this tab has it').waitFor()
})
