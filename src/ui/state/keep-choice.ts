import { localStorageGet, localStorageSet } from './shell.svelte.ts'

const settingKey = 'quire.keep'

/** Whether keepers are asked to hold what is shared next: yes, until this browser's person chose otherwise. */
export const asksKeepers = (): boolean => localStorageGet(settingKey) !== 'off'

export const rememberKeepChoice = (wanted: boolean): void => localStorageSet(settingKey, wanted ? 'on' : 'off')
