/** Asks whether notes may be shown outside of the page. */
export async function mayNotify(): Promise<boolean> {
  if (!('Notification' in globalThis)) return false
  return (await Notification.requestPermission()) === 'granted'
}

/** Shows a note outside of the page, if that was allowed; one for each `tag`. */
export async function notify(body: string, tag: string): Promise<void> {
  if (!('Notification' in globalThis) || Notification.permission !== 'granted') return
  const options = { body, tag, icon: new URL('icon-192.png', document.baseURI).href }
  // Phones show those of a service worker only.
  const worker = await navigator.serviceWorker?.getRegistration().catch(() => undefined)
  if (worker) await worker.showNotification(document.title, options).catch(() => {})
  else new Notification(document.title, options)
}
