/** Moving the threshold of the last run: seen and counted at once, sent when the handle is let go. */
import { download, type State } from '../api'
import { h } from '../dom'
import { decode, over, type Run } from '../runs'
import { Slider } from '../toolbar'
import { redraw, Tail } from './shares'

export type Found = NonNullable<State['probability']>

export interface Bench {
  /** Address of the visit's routes. */
  readonly url: string
  /** Labels on the screen. */
  mask(): Uint8Array
  revision(): number
  /** Strokes that the server does not have yet. */
  unsent(): readonly Run[]
  /** Whether a threshold is on its way to the server. */
  sending(): boolean
  send(threshold: number): void
  /** The mask on the screen has changed; how many voxels the label has now, null for as the server says. */
  seen(count: number | null): void
  tell(message: string): void
}

/** What hands have changed since the run, and what each threshold counts beside it. */
interface Kept {
  revision: number
  painted: readonly Run[]
  tail: Tail
}

const RANGE = { min: 0.01, max: 0.99, step: 0.01, value: 0.5, format: (value: number) => value.toFixed(2) }
const STAYS = 'What was painted since the run stays as it is.'
const NOT_FETCHED = 'The probabilities of this run could not be fetched, so its threshold stays; load the page again.'

export class Threshold {
  readonly root: HTMLElement
  /** Probabilities of the run, x fastest; null until they are there. */
  shares: Uint8Array | null = null
  private readonly slider: Slider
  private readonly amount = h('output', { class: 'sv-amount' })
  private found: Found | null = null
  private kept: Promise<Kept> | null = null
  private keptOf = -1
  /** The mask as the server has it, while another one is on the screen. */
  private settled: Uint8Array | null = null
  private moving = false
  private turn = 0

  constructor(
    private readonly bench: Bench,
    private readonly onShares: () => void,
  ) {
    this.slider = new Slider('Threshold', RANGE, (value) => this.move(value), (value) => this.letGo(value))
    this.root = h('div', { class: 'sv-threshold', hidden: true }, this.slider.root, this.amount)
  }

  /** What the server says of the present mask. */
  follow(found: Found | null, amount: string): void {
    const another = found?.run !== this.found?.run
    this.found = found
    this.root.hidden = found === null
    if (another) void this.fetch()
    if (!found || this.moving || this.bench.sending()) return
    this.slider.value = found.threshold
    this.amount.value = amount
    this.slider.mark(found.default)
    this.root.title = `The probability from which a voxel counts; ${found.default.toFixed(2)} in the run. ${STAYS}`
  }

  show(amount: string): void {
    this.amount.value = amount
  }

  /** The server has changed the mask: on the screen too, or under what is on the screen. */
  acknowledged(change: (mask: Uint8Array) => void): void {
    change(this.settled ?? this.bench.mask())
    if (!this.moving && !this.bench.sending()) this.settle()
  }

  /** The mask on the screen was replaced as a whole. */
  forget(): void {
    this.settled = null
    this.moving = false
    this.turn++
  }

  private async fetch(): Promise<void> {
    const { found } = this
    this.shares = this.kept = null
    this.slider.enabled = false
    this.onShares()
    if (!found) return
    try {
      const { bytes } = await download(`${this.bench.url}/probability/${found.run}`, () => undefined)
      if (this.found?.run !== found.run) return
      this.shares = bytes
      this.slider.enabled = true
      this.onShares()
    } catch {
      this.bench.tell(NOT_FETCHED)
    }
  }

  private move(value: number): void {
    this.moving = true
    this.next((kept) => this.draw(value, kept))
  }

  private letGo(value: number): void {
    this.next((kept) => {
      this.moving = false
      if (value === this.found!.threshold) return this.settle()
      if (kept.painted.length > 0) this.bench.tell(STAYS)
      this.bench.send(value)
    })
  }

  /** Do what was asked for last, once it is known what hands have painted. */
  private next(work: (kept: Kept) => void): void {
    const turn = ++this.turn
    this.known().then(
      (kept) => turn === this.turn && work(kept),
      () => {
        this.kept = null
        this.moving = false
        this.settle()
        this.bench.tell(NOT_FETCHED)
      },
    )
  }

  private draw(value: number, { painted, tail }: Kept): void {
    if (!this.shares || !this.found) return
    const mask = this.bench.mask()
    this.settled ??= mask.slice()
    redraw(mask, this.shares, value, this.found.label, painted)
    this.bench.seen(tail.count(value))
  }

  private settle(): void {
    if (!this.settled) return
    this.bench.mask().set(this.settled)
    this.settled = null
    this.bench.seen(null)
  }

  private known(): Promise<Kept> {
    const revision = this.bench.revision()
    if (this.kept && this.keptOf === revision) return this.kept
    this.keptOf = revision
    return (this.kept = this.ask(revision))
  }

  private async ask(revision: number): Promise<Kept> {
    const { shares, found } = this
    if (!shares || !found) throw new Error('no probabilities')
    const { bytes } = await download(`${this.bench.url}/painted`, () => undefined)
    const painted = over(decode(bytes), this.bench.unsent())
    return { revision, painted, tail: new Tail(shares, painted, found.label) }
  }
}
