/** Screens that the first paint does not need, each loaded when it is first opened; the service worker has them offline. */
export const sheets = {
  receive: () => import('./Receive.svelte'),
  share: () => import('./Share.svelte'),
  note: () => import('../parts/Note.svelte'),
  invitation: () => import('./Invitation.svelte'),
  help: () => import('../parts/Help.svelte'),
  remove: () => import('../parts/RemoveDialog.svelte')
}
