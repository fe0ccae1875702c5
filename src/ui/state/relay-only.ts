import { localStorageGet, localStorageSet } from './shell.svelte.ts'

const settingKey = 'quire.relay-only'

/** Whether this browser's person chose that others in a share learn no address of theirs, for pages that load from now on. */
export const wantsRelayOnly = (): boolean => localStorageGet(settingKey) === 'on'

export const setRelayOnly = (wanted: boolean): void => localStorageSet(settingKey, wanted ? 'on' : 'off')

/** What all connections of this page go by, for as long as it is open. */
export const isRelayOnly = wantsRelayOnly()
