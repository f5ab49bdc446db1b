/** The legend as a row of chips: colour, name, live amount; a click chooses the active label. */
import type { Label, LabelRow } from './api'
import { h } from './dom'
import { icon, type Icon } from './icons'

export interface ChipsOptions {
  /** Absent: chips cannot be chosen. */
  onChoose?: (value: number) => void
  /** Absent: labels cannot be hidden one by one. */
  onHide?: (value: number, hidden: boolean) => void
  /** Absent: labels cannot be locked. */
  onLock?: (value: number, locked: boolean) => void
}

export class Chips {
  readonly root = h('div', { class: 'sv-chips', role: 'toolbar', 'aria-label': 'Labels' })
  readonly hidden = new Set<number>()
  readonly locked = new Set<number>()
  active = 0
  private labels: readonly (Label & { text: string })[] = []

  constructor(private readonly options: ChipsOptions) {}

  get count(): number {
    return this.labels.length
  }

  /** Values that no label has. */
  get free(): number[] {
    const taken = new Set(this.labels.map(({ value }) => value))
    return Array.from({ length: 255 }, (_, at) => at + 1).filter((value) => !taken.has(value))
  }

  /** Labels of the legend, with the amounts of the server's rows where there are any. */
  show(legend: readonly Label[], rows: readonly LabelRow[]): void {
    this.labels = merged(legend, rows)
    if (!this.labels.some((label) => label.value === this.active)) this.active = this.labels[0]?.value ?? 0
    this.draw()
  }

  /** The n-th chip, counted from 1. */
  choose(position: number): void {
    const label = this.labels[position - 1]
    if (label) this.activate(label.value)
  }

  /** The next chip, or the one before; round from the last to the first. */
  step(by: 1 | -1): void {
    const at = this.labels.findIndex(({ value }) => value === this.active)
    const next = this.labels[(at + by + this.labels.length) % this.labels.length]
    if (next) this.activate(next.value)
  }

  /** Choose by value, as by picking it in the picture; false where there is no such label. */
  pick(value: number): boolean {
    if (!this.labels.some((label) => label.value === value)) return false
    this.activate(value)
    return true
  }

  lock(value = this.active): void {
    if (!this.labels.some((label) => label.value === value)) return
    toggle(this.locked, value)
    this.draw()
    this.options.onLock?.(value, this.locked.has(value))
  }

  nameOf(value: number): string {
    return this.labels.find((label) => label.value === value)?.name ?? (value ? `label ${value}` : '')
  }

  colorOf(value: number): string {
    return this.labels.find((label) => label.value === value)?.color ?? '#ffffff'
  }

  private activate(value: number): void {
    this.active = value
    this.draw()
    this.root.querySelector('[data-active=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    this.options.onChoose?.(value)
  }

  private hide(value: number): void {
    toggle(this.hidden, value)
    this.draw()
    this.options.onHide?.(value, this.hidden.has(value))
  }

  private draw(): void {
    const top = this.root.scrollTop
    this.root.replaceChildren(...this.labels.map((label, index) => this.chip(label, index)))
    this.root.scrollTop = top
  }

  private chip(label: Label & { text: string }, index: number): HTMLElement {
    const hidden = this.hidden.has(label.value)
    const choosable = this.options.onChoose !== undefined
    const active = choosable && label.value === this.active
    const content = [
      h('i', { class: 'sv-dot', style: `background:${label.color}` }),
      h('b', {}, label.name),
      h('span', {}, label.text),
    ]
    const key = index < 9 ? ` (${index + 1})` : ''
    const name = choosable
      ? h('button', {
          class: 'sv-chip-name',
          title: `Paint ${label.name}${key}`,
          'aria-pressed': String(active),
          onclick: () => this.activate(label.value),
        }, ...content)
      : h('div', { class: 'sv-chip-name' }, ...content)
    const locked = this.locked.has(label.value)
    const eye = this.options.onHide && mark(hidden ? 'eyeOff' : 'eye', `${hidden ? 'Show' : 'Hide'} ${label.name}`, () => this.hide(label.value))
    const lock = this.options.onLock && mark(locked ? 'lock' : 'unlock', `${locked ? 'Unlock' : 'Lock'} ${label.name}`, () => this.lock(label.value))
    lock?.setAttribute('data-on', String(locked))
    return h('div', { class: 'sv-chip', 'data-active': String(active), 'data-hidden': String(hidden) }, name, lock, eye)
  }
}

function mark(name: Icon, title: string, onclick: () => void): HTMLElement {
  return h('button', { class: 'sv-button sv-eye', type: 'button', title, 'aria-label': title, onclick }, icon(name))
}

function toggle(values: Set<number>, value: number): void {
  if (!values.delete(value)) values.add(value)
}

function merged(legend: readonly Label[], rows: readonly LabelRow[]): (Label & { text: string })[] {
  const values = new Map<number, Label & { text: string }>()
  for (const label of legend) values.set(label.value, { ...label, text: '' })
  for (const row of rows) values.set(row.value, { value: row.value, name: row.name, color: row.color, text: amount(row) })
  return [...values.values()].sort((a, b) => a.value - b.value)
}

/** `48.1 ml`, `46,395.1 ha`, `812 pixels`; nothing is written as 0 that is only small. */
export function amount(row: Pick<LabelRow, 'amount' | 'unit' | 'count'>): string {
  if (row.amount === null) return `${row.count.toLocaleString('en')} ${row.unit}`
  const digits = row.amount === 0 ? 0 : row.amount < 10 ? 2 : 1
  const text = row.amount.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return row.amount > 0 && row.amount < 0.005 ? `< 0.01 ${row.unit}` : `${text} ${row.unit}`
}
