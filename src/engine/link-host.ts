/** Whoever made a link met others through the host it names, so its holders are likely to be found there. */
export function hostOf(link: string): string[] {
  const match = /^<?(https?:\/\/[^/#?\s]+[^#?\s]*)#/.exec(link.trim())
  return match ? [match[1]!.replace(/\/(index\.html)?$/, '')] : []
}
