import { localStorageGet, localStorageSet } from './shell.svelte.ts'

const settingKey = 'quire.relay-only'

/** Whether this browser's person chose that others in a share learn no address of theirs. */
export const isRelayOnly = (): boolean => localStorageGet(settingKey) === 'on'

/** Every connection begins anew with the page. */
export function setRelayOnly(wanted: boolean): void {
  localStorageSet(settingKey, wanted ? 'on' : 'off')
  location.reload()
}
