/** The tool in the hand with its options and limits, in either world; what it does goes to the session. */
import type { Label } from './api'
import { h } from './dom'
import type { Frame } from './frame'
import type { Action } from './keys'
import { Limits } from './limits'
import { Options, type Source } from './options'
import { Preview } from './preview'
import type { Params, Proposal, Session } from './session'
import { iconButton, Toolbar, type Slider, type Tool } from './toolbar'
import { inverse, isTool, toolOf, toolsOf, type Group, type ToolName, type ToolRow, type Unit, type Value, type World } from './tools'
import type { Channel, Where } from './where'

export interface Owner {
  readonly session: Session
  /** Size of the brush. */
  readonly brush: Slider
  /** Beside the size of the brush. */
  readonly extras?: readonly HTMLElement[]
  /** Another tool is in the hand, or its label or limits are others. */
  taken(row: ToolRow): void
  /** Draw what a tool would change, in the colour of a label; null to take it off. */
  propose(proposal: Proposal | null, label: number): void
  /** What growing looks at, where an image has several bands. */
  readonly channels?: readonly number[]
  /** A range of values to begin with. */
  values(channel: Channel): readonly [number, number]
}

const NO_LABEL = 'There is no label to paint with yet; run a model or add a label first.'

/** What needs no label to begin with. */
const WITHOUT_LABEL: ReadonlySet<ToolName> = new Set(['navigate', 'window', 'eraser', 'pick', 'erase-piece', 'smooth', 'area'])

export class Toolbox {
  readonly limits: Limits
  private readonly options: Options
  private readonly preview: Preview
  private readonly hint = h('span', { class: 'sv-hint' })
  private readonly said = h('output', { class: 'sv-said', 'aria-live': 'polite' })
  private readonly go = h('button', { class: 'sv-plain sv-primary', type: 'button', onclick: () => this.enter() })
  private readonly leave = iconButton('close', 'Drop what is shown (Esc)', () => this.preview.drop())
  private row: ToolRow
  private before: ToolName = 'brush'
  /** Where the tool was used last, for asking again with other options. */
  private place: Params = {}
  private plane: number | undefined
  private applicable = false

  constructor(
    private readonly world: World,
    private readonly frame: Frame,
    private readonly toolbar: Toolbar,
    private readonly owner: Owner,
    unit: Unit = world === 'volume' ? 'mm' : 'm',
  ) {
    this.row = toolOf(world, 'navigate')
    this.limits = new Limits(() => this.changed(), (channel) => owner.values(channel))
    this.options = new Options(unit, () => this.changed())
    this.preview = new Preview({
      ask: ({ tool, params, where }, signal) => owner.session.preview(tool, params, where, signal),
      show: (proposal, { params }) => owner.propose(proposal, Number(params['label'])),
      say: (text, applicable) => this.say(text, applicable),
    })
    frame.hand.append(
      owner.brush.root, ...(owner.extras ?? []), this.options.root, this.limits.root, this.hint, this.said, this.go, this.leave,
    ) // prettier-ignore
    this.say('', false)
  }

  get tool(): ToolName {
    return this.row.name
  }

  get use(): ToolRow['use'] {
    return this.row.use
  }

  /** Of the tool in the hand, or of the one that Ctrl makes of it. */
  label(tool = this.tool): number {
    return tool === 'eraser' || tool === 'erase-piece' ? 0 : this.frame.chips.active
  }

  /** An option that is for the hand alone. */
  local(param: string): Value | undefined {
    return this.options.local[param]
  }

  get where(): Where {
    return this.limits.where(this.frame.chips.locked)
  }

  /** The labels that fields and limits offer. */
  offer(labels: readonly Label[], sources: readonly Source[]): void {
    this.limits.offer(labels)
    this.options.offer(labels, sources)
  }

  take(tool: ToolName): boolean {
    this.preview.drop()
    if (tool !== this.tool) this.before = this.tool
    this.row = toolOf(this.world, tool)
    this.place = {}
    this.options.show(this.row)
    this.toolbar.press(toolsOf(this.world).map(({ name }) => name), tool)
    this.dress()
    this.owner.taken(this.row)
    return true
  }

  /** The tool that a press with Ctrl held means. */
  turned(ctrl: boolean): ToolName {
    return ctrl ? inverse(this.tool) : this.tool
  }

  /** Whether the tool can begin; says why it cannot. */
  ready(tool = this.tool): boolean {
    if (WITHOUT_LABEL.has(tool) || this.frame.chips.active !== 0) return true
    this.frame.tell(NO_LABEL)
    return false
  }

  /**
   * Use the tool at a place: shown first where it has a preview, sent at once where it has none.
   * `plane` is the axis across the slice of the place, for tools that can stay in it.
   */
  apply(place: Params, plane?: number): void {
    if (!this.ready()) return
    this.place = place
    this.plane = plane
    const asked = { tool: this.tool, params: this.params(place), where: this.where }
    if (this.row.preview) this.preview.ask(asked)
    else this.owner.session.tool(asked.tool, asked.params, asked.where)
  }

  /** What both worlds do alike; false where the world has to look itself. */
  act(action: Action, label: number): boolean {
    const { session, brush } = this.owner
    const { chips } = this.frame
    if (isTool(action)) return this.take(action)
    switch (action) {
      case 'swap': return this.take(this.before)
      case 'label': return chips.choose(label), true
      case 'nextLabel': return chips.step(1), true
      case 'previousLabel': return chips.step(-1), true
      case 'lock': return chips.lock(), true
      case 'values': return this.limits.toggleWindow(), true
      case 'smaller': return brush.resize(false), true
      case 'larger': return brush.resize(true), true
      case 'undo': case 'redo': return session.step(action), true
      case 'enter': return this.enter()
      case 'cancel': return this.cancel()
      case 'help': return this.frame.toggleHelp()
      default: return false
    } // prettier-ignore
  }

  /** The label or a limit is another one. */
  changed(): void {
    if (this.preview.open) this.apply(this.place, this.plane)
    this.owner.taken(this.row)
  }

  private params(place: Params): Params {
    const options = this.options.params
    const params: Params = { label: this.label(), ...place, ...options }
    if (options['label'] === 'hand') params['label'] = this.label()
    if (options['plane'] === 'here') params['plane'] = this.plane
    if (this.row.group === 'grow' && this.owner.channels) params['channels'] = this.owner.channels
    if (this.tool === 'split') params['labels'] = this.frame.chips.free
    return params
  }

  private enter(): boolean {
    if (this.applicable) {
      const taken = this.preview.take()
      if (taken) this.owner.session.tool(taken.tool, taken.params, taken.where, () => this.clear())
      return true
    }
    if (this.row.use !== 'whole') return false
    this.apply({})
    return true
  }

  /** What was shown before it was applied is there now. */
  private clear(): void {
    if (!this.preview.open) this.owner.propose(null, this.label())
  }

  private cancel(): boolean {
    if (this.frame.helpIsOpen) return this.frame.toggleHelp(false)
    if (!this.preview.open) return this.take('navigate')
    this.preview.drop()
    return true
  }

  private say(text: string, applicable: boolean): void {
    this.said.value = text
    this.applicable = applicable
    this.dress()
  }

  private dress(): void {
    const { use, hint } = this.row
    const changes = use !== 'look' && this.tool !== 'pick' && this.tool !== 'area'
    this.frame.hand.hidden = use === 'look'
    for (const part of [this.owner.brush.root, ...(this.owner.extras ?? [])]) part.hidden = use !== 'stroke'
    this.limits.root.hidden = !changes
    this.hint.textContent = this.said.value ? '' : hint || (this.row.preview ? 'Enter shows what would change' : '')
    this.said.hidden = !this.said.value
    this.go.hidden = use !== 'whole' && !this.applicable
    this.go.textContent = this.applicable || !this.row.preview ? 'Apply' : 'Preview'
    this.leave.hidden = !this.preview.open
  }
}

const ORDER: readonly Group[] = ['shape', 'piece', 'grow', 'whole']

/** The toolbar of a world; without what changes the mask where it cannot be changed. */
export function toolbarOf(world: World, editable: boolean, look: readonly Tool[], act: (action: Action) => void): Toolbar {
  const rows = toolsOf(world).map(({ name, icon, title, group }) => ({ action: name, icon, title, group }))
  const of = (group: Group) => rows.filter((row) => row.group === group)
  const steps: Tool[] = [
    { action: 'undo', icon: 'undo', title: 'Undo' },
    { action: 'redo', icon: 'redo', title: 'Redo' },
  ]
  const help: Tool[] = [{ action: 'help', icon: 'help', title: 'Keys and mouse' }]
  const edits = [[...of('paint'), ...ORDER.map(of)], steps]
  return new Toolbar([of('look'), ...(editable ? edits : []), look, help], act)
}
