/** The lock of the brush: paint over everything, or over one label only. */
import type { Label } from './api'
import { Choice } from './toolbar'

export class Over extends Choice {
  constructor() {
    super('Over', [], () => undefined)
  }

  /** Offer the labels; `empty` names 0 where it can be painted over alone. */
  offer(labels: readonly Pick<Label, 'value' | 'name'>[], empty = ''): void {
    const before = this.value
    const all = [...(empty ? [{ value: 0, name: empty }] : []), ...labels]
    this.fill([{ value: '', text: 'everything' }, ...all.map(({ value, name }) => ({ value: String(value), text: name }))])
    this.value = before
  }

  /** The label to paint over; null for everything. */
  get only(): number | null {
    return this.value === '' ? null : Number(this.value)
  }
}
