/** The options of the tool in the hand, as fields made from the table of tools. */
import type { Label } from './api'
import { h } from './dom'
import { Choice, Slider } from './toolbar'
import type { Field, ToolRow, Unit, Value } from './tools'

export interface Source {
  /** Empty for this mask. */
  id: string
  name: string
  /** Of its own; this mask's where it has none. */
  legend?: readonly Label[]
}

interface Control {
  root: HTMLElement
  value(): Value
}

export class Options {
  readonly root = h('div', { class: 'sv-tool-options' })
  private readonly values = new Map<string, Value>()
  private controls: [field: Field, control: Control][] = []
  private row: ToolRow | null = null
  private labels: readonly Label[] = []
  private sources: readonly Source[] = []

  constructor(
    private readonly unit: Unit,
    private readonly onChange: () => void,
  ) {}

  /** Show the fields of a tool, as they were left. */
  show(row: ToolRow): void {
    this.row = row
    const fields = row.fields?.(this.unit) ?? []
    this.controls = fields.map((field) => [field, this.control(field)])
    this.root.replaceChildren(...this.controls.map(([, control]) => control.root))
    this.root.hidden = fields.length === 0
  }

  offer(labels: readonly Label[], sources: readonly Source[]): void {
    if (JSON.stringify([labels, sources]) === JSON.stringify([this.labels, this.sources])) return
    this.labels = labels
    this.sources = sources
    if (this.row) this.show(this.row)
  }

  /** What is sent. */
  get params(): Record<string, Value> {
    return this.valuesOf((field) => !field.local)
  }

  /** What is for the hand alone. */
  get local(): Record<string, Value> {
    return this.valuesOf((field) => field.local === true)
  }

  private valuesOf(wanted: (field: Field) => boolean): Record<string, Value> {
    const found = this.controls.filter(([field]) => wanted(field))
    return Object.fromEntries(found.map(([{ param }, control]) => [param, control.value()]))
  }

  private control(field: Field): Control {
    const key = field.kind === 'range' ? `${field.param}/${field.label}` : `${this.row!.name}/${field.param}`
    const keep = (value: Value) => {
      this.values.set(key, value)
      if (field.kind === 'source') this.show(this.row!)
      this.onChange()
    }
    if (field.kind === 'range') {
      const format = (value: number) => shown(value, field)
      const slider = new Slider(field.label, { ...field, value: (this.values.get(key) as number) ?? field.value, format }, keep)
      return { root: slider.root, value: () => slider.value }
    }
    const options = this.optionsOf(field)
    const choice = new Choice(
      field.label,
      options.map(({ text }, at) => ({ value: String(at), text })),
      (at) => keep(options[Number(at)]!.value),
    )
    const now = () => options[Number(choice.value)]?.value ?? null
    choice.value = String(options.findIndex(({ value }) => value === this.values.get(key)))
    return { root: choice.root, value: now }
  }

  private optionsOf(field: Exclude<Field, { kind: 'range' }>): readonly { value: Value; text: string }[] {
    if (field.kind === 'choice') return field.options
    if (field.kind === 'label') {
      const labels = this.chosenLegend().map(({ value, name }) => ({ value, text: name }))
      return field.none === undefined ? labels : [{ value: null, text: field.none }, ...labels]
    }
    const all = [...(field.other ? [] : [{ id: '', name: 'this mask' }]), ...this.sources]
    return all.map(({ id, name }) => ({ value: id, text: name }))
  }

  /** Of the mask that the source field names. */
  private chosenLegend(): readonly Label[] {
    const id = this.values.get(`${this.row!.name}/source`)
    return this.sources.find((source) => source.id === id)?.legend ?? this.labels
  }
}

/** A share is written in per cent. */
function shown(value: number, { unit, step }: Extract<Field, { kind: 'range' }>): string {
  if (unit === '%') return `${Math.round(100 * value)} %`
  return `${value.toFixed(Math.max(0, Math.ceil(-Math.log10(step))))}${unit && ` ${unit}`}`
}
