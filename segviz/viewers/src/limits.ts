/** Limits of the tool in the hand: which labels it paints over, in which range of values. */
import type { Label } from './api'
import { h } from './dom'
import { Choice, iconButton, NumberBox } from './toolbar'
import { ANYWHERE, windowOf, type Channel, type Where } from './where'

export class Limits {
  readonly root = h('div', { class: 'sv-limits' })
  private readonly over: Choice
  private readonly range = h('div', { class: 'sv-range', hidden: true })
  private readonly low: NumberBox
  private readonly high: NumberBox
  private readonly switch: HTMLButtonElement
  private readonly channels: Choice
  private known: readonly Channel[] = []

  /** `values` suggests a range when it is switched on for the first time. */
  constructor(
    private readonly onChange: () => void,
    private readonly values: (channel: Channel) => readonly [number, number],
  ) {
    this.over = new Choice('Over', [], onChange)
    this.low = new NumberBox('from', onChange)
    this.high = new NumberBox('to', onChange)
    this.channels = new Choice('of', [], () => this.suggest())
    this.switch = iconButton('range', 'Change only a range of values (I)', () => this.toggleWindow())
    this.range.append(this.channels.root, this.low.root, this.high.root)
    this.channels.root.hidden = true
    this.root.append(this.over.root, this.switch, this.range)
    this.offer([])
  }

  /** The labels that can be painted over. */
  offer(labels: readonly Pick<Label, 'value' | 'name'>[]): void {
    const before = this.over.value
    this.over.fill([
      { value: '', text: 'everything' },
      { value: 'only 0', text: 'unlabelled' },
      ...labels.map(({ value, name }) => ({ value: `only ${value}`, text: name })),
      ...labels.map(({ value, name }) => ({ value: `outside ${value}`, text: `all but ${name}` })),
    ])
    this.over.value = before
  }

  /** Bands, or pairs of bands, whose values can be looked at. */
  offerChannels(channels: readonly { channel: Channel; text: string }[]): void {
    this.known = channels.map(({ channel }) => channel)
    this.channels.fill(channels.map(({ text }, at) => ({ value: String(at), text })))
    this.channels.root.hidden = channels.length < 2
  }

  toggleWindow(): void {
    this.range.hidden = !this.range.hidden
    this.switch.setAttribute('aria-pressed', String(!this.range.hidden))
    if (this.low.value === null && this.high.value === null) this.suggest()
    else this.onChange()
  }

  get window(): readonly [number, number] | null {
    if (this.range.hidden) return null
    const { value: low } = this.low
    const { value: high } = this.high
    return low === null && high === null ? null : windowOf(low ?? -MOST, high ?? MOST)
  }

  where(locked: Iterable<number>): Where {
    const [kind, label] = this.over.value.split(' ')
    const value = Number(label)
    return {
      ...ANYWHERE,
      only: kind === 'only' ? value : null,
      outside: kind === 'outside' ? value : null,
      locked: [...locked].sort((a, b) => a - b),
      window: this.window,
      channel: this.channel,
    }
  }

  private get channel(): Channel {
    return this.known[Number(this.channels.value)] ?? 0
  }

  private suggest(): void {
    ;[this.low.value, this.high.value] = this.values(this.channel)
    this.onChange()
  }
}

/** The largest number of 32 bits: JSON has no infinity. */
const MOST = 3.4028234663852886e38
