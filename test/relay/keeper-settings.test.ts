import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { policyOf, readKeeperConfig } from '../../relay/keeper-config.ts'
import { keepTermMsMax } from '../../src/core/limits.ts'
import { temporaryFolder } from '../support/files.ts'

const idOfSome = async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
const dayMs = 24 * 60 * 60_000

describe('settings of a keeper', () => {
  it('[KE2] keep for all, a tenth of the quota for each, for thirty days, unless they say otherwise', () => {
    expect(policyOf(readKeeperConfig({}, ['--quota', '1001']))).toEqual({
      bytesMax: 1001,
      peerBytesMax: 101,
      dataSetBytesMax: 101,
      termMsMax: keepTermMsMax
    })
    const bounds = ['--peer-quota', '400', '--data-set-max', '300', '--term-days', '7']
    expect(policyOf(readKeeperConfig({ QUIRE_QUOTA: '1000' }, bounds))).toEqual({
      bytesMax: 1000,
      peerBytesMax: 400,
      dataSetBytesMax: 300,
      termMsMax: 7 * dayMs
    })
  })

  it('[KE3] keep for those who are invited or named alone, by flag, variable or file', async () => {
    await using folder = await temporaryFolder('settings')
    const [one, two] = await Promise.all([idOfSome(), idOfSome()])
    expect(readKeeperConfig({}, [])).toMatchObject({ byInvitation: false, allowPeers: [] })
    expect(readKeeperConfig({}, ['--by-invitation']).byInvitation).toBe(true)
    expect(readKeeperConfig({ QUIRE_BY_INVITATION: '1', QUIRE_ALLOW_PEERS: `${one}, ${two}` }, [])).toMatchObject({
      byInvitation: true,
      allowPeers: [one, two]
    })
    const config = join(folder.path, 'keeper.json')
    await writeFile(config, JSON.stringify({ allowPeers: [one], byInvitation: true, termDays: 3 }))
    const read = readKeeperConfig({ QUIRE_CONFIG: config }, [])
    expect(read).toMatchObject({ allowPeers: [one], byInvitation: true, termDays: 3 })
    expect(policyOf(read)).toMatchObject({ peers: [one], termMsMax: 3 * dayMs })
  })

  it.each([
    [['--term-days', '31'], '--term-days is "31"; it must be a number of days from 1 to 30.'],
    [['--term-days', '0'], '--term-days is "0"; it must be a number of days from 1 to 30.'],
    [['--quota', '10', '--peer-quota', '11'], '--peer-quota is "11"; it must be at most --quota, which is 10.'],
    [['--quota', '10', '--data-set-max', '11'], '--data-set-max is "11"; it must be at most --quota, which is 10.'],
    [['--allow-peers', 'alice'], '--allow-peers is "alice"; it must be ids of peers with commas between them'],
    [['--allow-peers', `12D3KooW${'1'.repeat(400)}`], 'it must be ids of peers'],
    [['--by-invitation=yes'], '--by-invitation is "yes"; it must be given alone.']
  ])('[RL2] what is not allowed is told with what is: %o', (args, sentence) => {
    expect(() => readKeeperConfig({}, args)).toThrow(sentence)
  })
})
