/** The same slice at several visits, side by side, moved by one slider. */
import { component, type Viewer } from './component'
import { eachFrame, h } from './dom'
import { along, type Axis } from './geometry'
import { Slider } from './toolbar'

type PlaneName = 'axial' | 'coronal' | 'sagittal'

interface Visit {
  id: string
  name: string
  when: string | null
  /** The record that says how the visit lies on the first one; places are then those of the first. */
  aligned?: number
}

export interface CompareProps {
  base: string
  visits: Visit[]
  plane: PlaneName
  range_mm: [number, number]
  step_mm: number
  mm: number
  /** Written into each picture, e.g. that it is simulated. */
  notice: string
}

/** Axis through each plane, then what is at the right and at the top (radiological, nose left). */
const PLANES: Record<PlaneName, { axis: Axis; right: string; up: string; left: string; down: string }> = {
  axial: { axis: 2, left: 'R', right: 'L', up: 'A', down: 'P' },
  coronal: { axis: 1, left: 'R', right: 'L', up: 'S', down: 'I' },
  sagittal: { axis: 0, left: 'A', right: 'P', up: 'S', down: 'I' },
}

const SIZE = 640

class Compare implements Viewer<CompareProps> {
  readonly root: HTMLElement
  private readonly pictures = h('div', { class: 'sv-pictures' })
  private readonly foot = h('div', { class: 'sv-head' })
  private frames: Frame[] = []
  private slider: Slider
  private readonly show = eachFrame(() => this.draw())

  constructor(private props: CompareProps) {
    this.root = h('div', { class: 'sv sv-compare' }, this.pictures, this.foot)
    this.pictures.addEventListener('wheel', (event) => this.wheel(event), { passive: false })
    this.slider = this.makeSlider()
    this.fill()
  }

  /** The place stays while the visits or their masks change; another plane starts at its own. */
  update(props: CompareProps): void {
    const before = this.props
    this.props = props
    if (props.plane !== before.plane || String(props.range_mm) !== String(before.range_mm)) this.slider = this.makeSlider()
    memory.clear()
    if (props.plane !== before.plane || String(props.visits.map(written)) !== String(before.visits.map(written))) this.fill()
    else this.again()
  }

  destroy(): void {}

  /** The same pictures anew, since a mask in them may have changed. */
  private again(): void {
    for (const frame of this.frames) frame.forget()
    this.show()
  }

  private fill(): void {
    const { visits, plane, notice } = this.props
    this.frames = visits.map((visit) => new Frame(visit, plane, notice))
    this.pictures.style.setProperty('--count', String(this.frames.length))
    this.pictures.replaceChildren(...this.frames.map((frame) => frame.root))
    this.show()
  }

  private makeSlider(): Slider {
    const { plane, range_mm: [min, max], step_mm: step, mm: value } = this.props
    const format = (mm: number) => `${along(PLANES[plane].axis, mm)} mm`
    const slider = new Slider('Position', { min, max, step, value, format }, () => this.show())
    slider.root.classList.add('sv-long')
    this.foot.replaceChildren(slider.root)
    return slider
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault()
    this.slider.move(this.slider.value - Math.sign(event.deltaY) * this.props.step_mm)
  }

  private address(visit: Visit, mm: number): string {
    const aligned = visit.aligned ? `&aligned=${visit.aligned}` : ''
    return `${this.props.base}/visits/${visit.id}/slice.png?plane=${this.props.plane}&mm=${mm.toFixed(3)}&size=${SIZE}${aligned}`
  }

  private draw(): void {
    const { visits, step_mm: step, range_mm: [min, max] } = this.props
    const mm = this.slider.value
    visits.forEach((visit, index) => this.frames[index]?.show(this.address(visit, mm)))
    for (const near of [mm + step, mm - step, mm + 2 * step, mm - 2 * step]) {
      if (near >= min && near <= max) for (const visit of visits) prefetch(this.address(visit, near))
    }
  }
}

/** One picture with its caption. The picture before stays until the next one is there. */
class Frame {
  readonly root: HTMLElement
  private readonly image = h('img', { alt: '', draggable: 'false', hidden: true })
  private readonly missing = h('div', { class: 'sv-none', hidden: true }, 'This slice cannot be shown.')
  private wanted = ''

  constructor(visit: Visit, plane: PlaneName, notice: string) {
    const { left, right, up, down } = PLANES[plane]
    const letters = [left, right, up, down].map((letter, at) => h('span', { class: 'sv-letter', style: EDGES[at] }, letter))
    const caption = h('figcaption', {}, h('span', {}, h('b', {}, visit.name), visit.when && !visit.name.includes(visit.when) ? ` · ${visit.when}` : ''))
    this.image.alt = visit.name
    this.root = h('figure', {}, this.image, ...letters, caption, this.missing, notice ? h('div', { class: 'sv-badge' }, notice) : null)
  }

  show(address: string): void {
    if (address === this.wanted) return
    this.wanted = address
    const next = prefetch(address)
    next.decode().then(
      () => this.arrived(address, true),
      () => this.arrived(address, false),
    )
  }

  forget(): void {
    this.wanted = ''
  }

  private arrived(address: string, there: boolean): void {
    if (address !== this.wanted) return
    this.missing.hidden = there
    this.image.hidden = !there
    if (there) this.image.src = address
    else memory.delete(address)
  }
}

/** What stands in a picture beside the slice. */
function written({ id, name, when }: Visit): string {
  return JSON.stringify([id, name, when])
}

const EDGES = [
  'left:8px;top:50%;transform:translateY(-50%)',
  'right:8px;top:50%;transform:translateY(-50%)',
  'left:50%;top:30px;transform:translateX(-50%)',
  'left:50%;bottom:8px;transform:translateX(-50%)',
]

const memory = new Map<string, HTMLImageElement>()

function prefetch(address: string): HTMLImageElement {
  const known = memory.get(address)
  if (known) return known
  const image = new Image()
  image.src = address
  memory.set(address, image)
  for (const oldest of memory.keys()) {
    if (memory.size <= 80) break
    memory.delete(oldest)
  }
  return image
}

export default component(
  (props: CompareProps) => `${props.base}/${props.visits.map((visit) => visit.id)}`,
  (props) => new Compare(props),
)
