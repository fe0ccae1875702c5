/**
 * What another program on the device hands to the installed page: the service worker puts it into a cache of this name,
 * the page takes it from there, and it is gone.
 */
export const receivedCache = 'quire-received'

/** Where the manifest has programs send it, below the page's home. */
export const shareTargetPath = 'received'

/** The page's place that takes what was received. */
export const receivedHash = '#/received'

/** The page's place that says that what was sent could not be kept. */
export const notReceivedHash = '#/not-received'

/** Header of a cached file: its name, percent-encoded. A cached text has none. */
export const fileNameHeader = 'X-Quire-Name'
