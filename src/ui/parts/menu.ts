export interface MenuEntry {
  readonly label: string
  readonly act: () => void
}
