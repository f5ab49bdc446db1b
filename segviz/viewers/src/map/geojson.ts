/** Outlines from a file into the mask, and out of it into a file. */
import { h } from '../dom'

/** As much as an edit may hold. */
const MOST_BYTES = 3.5e6

export class GeoJson {
  readonly root: HTMLElement
  private readonly file: HTMLInputElement
  private readonly link = h('a', { class: 'sv-plain', download: '', title: 'Outlines of this label as GeoJSON' }, 'Save GeoJSON')

  constructor(
    private readonly onText: (text: string) => void,
    private readonly tell: (message: string) => void,
  ) {
    this.file = h('input', { type: 'file', accept: '.geojson,.json,application/geo+json', hidden: true, 'aria-label': 'GeoJSON file', onchange: () => void this.read() })
    const open = h('button', { class: 'sv-plain', type: 'button', title: 'Paint the polygons of a GeoJSON file', onclick: () => this.file.click() }, 'Open GeoJSON')
    this.root = h('div', { class: 'sv-row', hidden: true }, open, this.file, this.link)
  }

  /** Where the outlines of the label in the hand can be had. */
  offer(address: string): void {
    this.link.href = address
  }

  private async read(): Promise<void> {
    const [file] = this.file.files ?? []
    this.file.value = ''
    if (!file) return
    if (file.size > MOST_BYTES) return this.tell(`${file.name} is larger than 3.5 MB, so it was not read; simplify its outlines or split it.`)
    this.onText(await file.text())
  }
}
