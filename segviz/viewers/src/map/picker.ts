/** Which bands are shown: a composite from the list, or three of one's own. */
import { Choice } from '../toolbar'
import { composites, same, type Composite, type Rgb } from './bands'

const OWN = 'own'

export class BandPicker {
  readonly roots: HTMLElement[]
  private readonly composites: Composite[]
  private readonly list: Choice
  private readonly own: Choice[]

  constructor(
    bands: readonly string[],
    public rgb: Rgb,
    private readonly onPick: () => void,
  ) {
    this.composites = composites(bands, rgb)
    const options = this.composites.map(({ name }) => ({ value: name, text: name }))
    this.list = new Choice('Bands', [...options, { value: OWN, text: 'Own bands' }], (name) => this.pickComposite(name))
    this.list.value = this.composites.find((composite) => same(composite.bands, rgb))?.name ?? OWN
    this.own = ['R', 'G', 'B'].map((name, at) => new Choice(name, bands.map(option), (band) => this.pickOwn(at, Number(band))))
    this.roots = [this.list, ...this.own].map(({ root }) => root)
    this.list.root.hidden = bands.length < 2
    this.showOwn()
  }

  private pickComposite(name: string): void {
    this.rgb = this.composites.find((composite) => composite.name === name)?.bands ?? this.rgb
    this.showOwn()
    this.onPick()
  }

  private pickOwn(at: number, band: number): void {
    const [r, g, b] = this.rgb
    this.rgb = [at === 0 ? band : r, at === 1 ? band : g, at === 2 ? band : b]
    this.onPick()
  }

  private showOwn(): void {
    this.own.forEach((choice, at) => {
      choice.root.hidden = this.list.value !== OWN
      choice.value = String(this.rgb[at])
    })
  }
}

function option(name: string, at: number): { value: string; text: string } {
  return { value: String(at), text: name }
}
