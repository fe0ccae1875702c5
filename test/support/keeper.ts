import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import { openControl } from '../../relay/control/open.ts'
import { readKeeperConfig } from '../../relay/keeper-config.ts'
import { type RunningKeeper, startKeeper } from '../../relay/keeper.ts'
import { openApi } from '../../relay/rest/openapi.ts'
import { temporaryFolder } from './files.ts'

/** A keeper in this process, in a folder of its own. */
export interface StartedKeeper extends AsyncDisposable {
  readonly keeper: RunningKeeper
  readonly dir: string
  readonly base: string
}

export async function startedKeeper(...args: string[]): Promise<StartedKeeper> {
  const folder = await temporaryFolder('keeper')
  const config = readKeeperConfig({}, ['--rest-port', '0', '--data', folder.path, ...args])
  const keeper = await startKeeper(config)
  return {
    keeper,
    dir: folder.path,
    base: `${keeper.rest}/api/codex/v1`,
    async [Symbol.asyncDispose]() {
      await keeper.stop()
      await folder[Symbol.asyncDispose]()
    }
  }
}

/** What the library of a folder lists, all or what is at one address. */
export async function titlesIn(dir: string, cid?: string): Promise<string[]> {
  const control = await openControl(dir, [])
  const titles: string[] = []
  for await (const item of control.list()) if (item.cid === (cid ?? item.cid)) titles.push(item.title)
  return titles
}

const shapes = new Ajv2020({ strict: false })
shapes.addSchema(openApi, 'api')

/** Whether a value has the shape that the API's own description says. */
export function expectShape(name: string, value: unknown): void {
  const validate = shapes.getSchema(`api#/components/schemas/${name}`) as ValidateFunction
  validate(value)
  expect(validate.errors ?? []).toEqual([])
}
