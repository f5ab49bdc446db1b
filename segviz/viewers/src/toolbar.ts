/** Tool buttons along the picture's edge, and the sliders and choices above it. */
import { h } from './dom'
import { icon, type Icon } from './icons'
import { titled, type Action } from './keys'

export interface Tool {
  action: Action
  icon: Icon
  title: string
}

export class Toolbar {
  readonly root = h('div', { class: 'sv-tools', role: 'toolbar', 'aria-label': 'Tools', 'aria-orientation': 'vertical' })
  private readonly buttons = new Map<Action, HTMLButtonElement>()
  private readonly flyouts: Flyout[] = []

  /** Groups are divided by a line, the last one stands at the bottom; tools in a list share a button. */
  constructor(groups: readonly (readonly (Tool | readonly Tool[])[])[], act: (action: Action) => void) {
    groups.forEach((group, index) => {
      if (index > 0) this.root.append(index === groups.length - 1 ? h('div', { class: 'sv-gap' }) : h('hr'))
      for (const tool of group) this.root.append('action' in tool ? this.button(tool, act) : this.flyout(tool, act))
    })
  }

  /** Mark which of these tools is in the hand. */
  press(tools: readonly Action[], active: Action): void {
    for (const tool of tools) this.buttons.get(tool)?.setAttribute('aria-pressed', String(tool === active))
    for (const flyout of this.flyouts) flyout.press(active)
  }

  private button(tool: Tool, act: (action: Action) => void): HTMLElement {
    const button = iconButton(tool.icon, titled(tool.title, tool.action), () => act(tool.action))
    this.buttons.set(tool.action, button)
    return button
  }

  private flyout(tools: readonly Tool[], act: (action: Action) => void): HTMLElement {
    const flyout = new Flyout(tools, act)
    this.flyouts.push(flyout)
    return flyout.root
  }

  /** Show a tool only where it is of use. */
  offer(action: Action, offered: boolean): void {
    const button = this.buttons.get(action)
    if (button) button.hidden = !offered
  }

  /** Mark whether something is switched on. */
  turn(action: Action, on: boolean): void {
    this.buttons.get(action)?.setAttribute('aria-pressed', String(on))
  }

  enable(action: Action, enabled: boolean): void {
    const button = this.buttons.get(action)
    if (button) button.disabled = !enabled
  }

  relabel(action: Action, name: Icon, title: string): void {
    const button = this.buttons.get(action)
    if (!button) return
    button.replaceChildren(icon(name))
    button.title = titled(title, action)
    button.setAttribute('aria-label', button.title)
  }
}

/** A button for several tools: it takes the one used last and shows the others beside it. */
class Flyout {
  readonly root: HTMLElement
  private readonly button: HTMLButtonElement
  private readonly menu = h('div', { class: 'sv-flyout', role: 'menu', hidden: true })
  private last: Tool

  constructor(
    private readonly tools: readonly Tool[],
    private readonly act: (action: Action) => void,
  ) {
    this.last = tools[0]!
    this.button = h('button', { class: 'sv-button sv-several', type: 'button', 'aria-haspopup': 'menu', onclick: () => this.pressed() })
    this.menu.append(...tools.map((tool) => this.item(tool)))
    this.root = h('div', { class: 'sv-group' }, this.button, this.menu)
    this.root.addEventListener('keydown', (event) => this.key(event))
    this.root.addEventListener('focusout', (event) => this.left(event))
    this.dress()
  }

  press(active: Action): void {
    const tool = this.tools.find(({ action }) => action === active)
    if (tool) this.last = tool
    this.dress()
    this.button.setAttribute('aria-pressed', String(tool !== undefined))
    for (const [at, item] of [...this.menu.children].entries()) item.setAttribute('aria-checked', String(this.tools[at] === tool))
  }

  private item(tool: Tool): HTMLElement {
    const key = titled('', tool.action).replace(/[ ()]/g, '')
    const choose = () => {
      this.open(false)
      this.act(tool.action)
    }
    return h('button', { type: 'button', role: 'menuitemradio', onclick: choose }, icon(tool.icon), h('span', {}, tool.title), key && h('kbd', {}, key))
  }

  private pressed(): void {
    const opening = Boolean(this.menu.hidden)
    this.act(this.last.action)
    this.open(opening)
  }

  private open(open: boolean): void {
    this.menu.hidden = !open
    this.root.dataset['open'] = String(open)
    this.button.setAttribute('aria-expanded', String(open))
    if (!open) return
    const bar = this.root.parentElement!
    this.menu.style.left = `${bar.offsetLeft + bar.offsetWidth + 4}px`
    this.menu.style.top = `${this.button.offsetTop - bar.scrollTop}px`
  }

  private key(event: KeyboardEvent): void {
    if (this.menu.hidden) return
    const items = [...this.menu.children] as HTMLElement[]
    const at = items.indexOf((event.composedPath()[0] as HTMLElement) ?? this.button)
    const next = event.key === 'ArrowDown' ? at + 1 : event.key === 'ArrowUp' ? at - 1 : undefined
    if (event.key === 'Escape') this.open(false)
    else if (next === undefined) return
    else items.at(next % items.length)?.focus()
    event.preventDefault()
    event.stopPropagation()
  }

  private left(event: FocusEvent): void {
    if (!this.root.contains(event.relatedTarget as Node | null)) this.open(false)
  }

  private dress(): void {
    this.button.replaceChildren(icon(this.last.icon))
    this.button.title = titled(this.last.title, this.last.action)
    this.button.setAttribute('aria-label', `${this.button.title}, and others`)
  }
}

export function iconButton(name: Icon, title: string, onclick: () => void): HTMLButtonElement {
  return h('button', { class: 'sv-button', type: 'button', title, 'aria-label': title, onclick }, icon(name))
}

export interface Range {
  min: number
  max: number
  step: number
  value: number
  format: (value: number) => string
  /** Equal steps of the handle are equal factors. */
  logarithmic?: boolean
}

/** A labelled slider that shows its value. */
export class Slider {
  readonly root: HTMLElement
  private readonly input: HTMLInputElement
  private readonly output = h('output')
  private current = 0

  constructor(
    label: string,
    private readonly range: Range,
    private readonly onChange: (value: number) => void,
    /** Called when the handle is let go. */
    onDone?: (value: number) => void,
  ) {
    const [min, max] = [this.position(range.min), this.position(range.max)]
    const step = range.logarithmic ? (max - min) / 100 : range.step
    this.input = h('input', { type: 'range', min, max, step, 'aria-label': label, oninput: () => this.dragged(), onchange: () => onDone?.(this.value) })
    this.root = h('label', { class: 'sv-field', title: label }, label, this.input, this.output)
    this.value = range.value
  }

  get value(): number {
    return this.current
  }

  set value(value: number) {
    this.current = this.rounded(value)
    this.input.value = String(this.position(this.current))
    this.output.value = this.range.format(this.current)
  }

  set enabled(enabled: boolean) {
    this.input.disabled = !enabled
  }

  /** A tick under the track. */
  mark(value: number): void {
    const id = `${this.input.ariaLabel}-mark`
    this.root.querySelector('datalist')?.remove()
    this.root.append(h('datalist', { id }, h('option', { value: this.position(value) })))
    this.input.setAttribute('list', id)
  }

  /** Move by hand, as by a key. */
  move(value: number): void {
    this.value = value
    this.onChange(this.value)
  }

  /** A fifth larger or smaller, as by a key; at least one step. */
  resize(larger: boolean): void {
    const { value, range } = this
    this.move(larger ? Math.max(value * 1.2, value + range.step) : Math.min(value / 1.2, value - range.step))
  }

  private dragged(): void {
    const at = Number(this.input.value)
    this.current = this.rounded(this.range.logarithmic ? Math.exp(at) : at)
    this.output.value = this.range.format(this.current)
    this.onChange(this.current)
  }

  private position(value: number): number {
    return this.range.logarithmic ? Math.log(value) : value
  }

  private rounded(value: number): number {
    const { min, max, step } = this.range
    return Number(Math.min(Math.max(min + Math.round((value - min) / step) * step, min), max).toFixed(6))
  }
}

export interface Option {
  value: string
  text: string
}

/** A labelled box for a number. */
export class NumberBox {
  readonly root: HTMLElement
  private readonly input: HTMLInputElement

  constructor(label: string, onChange: () => void) {
    this.input = h('input', { type: 'number', step: 'any', 'aria-label': label, onchange: onChange })
    this.root = h('label', { class: 'sv-field' }, label, this.input)
  }

  /** null where there is no number in the box. */
  get value(): number | null {
    return Number.isFinite(this.input.valueAsNumber) ? this.input.valueAsNumber : null
  }

  set value(value: number | null) {
    this.input.value = value === null ? '' : String(Number(value.toPrecision(6)))
  }
}

/** A labelled drop-down list. */
export class Choice {
  readonly root: HTMLElement
  private readonly select: HTMLSelectElement

  constructor(label: string, options: readonly Option[], onChange: (value: string) => void) {
    this.select = h('select', { 'aria-label': label, onchange: () => (onChange(this.value), this.select.blur()) })
    this.root = h('label', { class: 'sv-field' }, label, this.select)
    this.fill(options)
  }

  fill(options: readonly Option[]): void {
    this.select.replaceChildren(...options.map(({ value, text }) => h('option', { value }, text)))
  }

  get value(): string {
    return this.select.value
  }

  /** Falls back to the first option where there is no such one. */
  set value(value: string) {
    this.select.value = value
    if (this.select.selectedIndex < 0) this.select.selectedIndex = 0
  }
}
