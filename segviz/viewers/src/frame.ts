/** What both viewers look like: chips and options on top, tools at the left, status below. */
import type { Conflict } from './api'
import { Chips, type ChipsOptions } from './chips'
import { askConflict } from './conflict'
import { h } from './dom'
import { GESTURES, KEYS, shown, type World } from './keys'
import type { Choice, Saving } from './queue'
import { iconButton, type Toolbar } from './toolbar'

export class Frame {
  readonly root: HTMLElement
  readonly stage: HTMLElement
  readonly chips: Chips
  readonly options = h('div', { class: 'sv-options' })
  /** Options of the tool in the hand, over the picture; hidden while it has none. */
  readonly hand = h('div', { class: 'sv-hand', hidden: true })
  private readonly where = h('div', { class: 'sv-where' })
  private readonly told = h('div', { class: 'sv-told', role: 'status' })
  private readonly saving = h('div', { class: 'sv-saving', role: 'status' })
  private readonly lost = h('div', { class: 'sv-lost', hidden: true })
  private readonly badge = h('div', { class: 'sv-badge', hidden: true })
  private readonly help: HTMLElement
  private cover: HTMLElement | null = null

  constructor(world: World, toolbar: Toolbar, chips: ChipsOptions, editable = true) {
    this.chips = new Chips(chips)
    this.help = helpPanel(world, editable, () => this.toggleHelp(false))
    this.stage = h('div', { class: 'sv-stage' }, this.hand, this.badge, this.help)
    this.root = h(
      'div',
      { class: `sv sv-${world}` },
      h(
        'div',
        { class: 'sv-frame' },
        h('div', { class: 'sv-head' }, this.chips.root, this.options),
        toolbar.root,
        this.stage,
        h('div', { class: 'sv-status' }, this.where, this.told, this.lost, this.saving),
      ),
    )
  }

  /** The left side of the status line: where the pointer is and what lies there. */
  locate(text: string): void {
    this.where.textContent = text
    this.where.title = text
  }

  /** A sentence that stays for a while. */
  tell(message: string, seconds = 12): void {
    this.told.textContent = message
    this.told.title = message
    setTimeout(() => this.told.textContent === message && (this.told.textContent = ''), seconds * 1000)
  }

  report(saving: Saving): void {
    this.saving.dataset['state'] = saving.state
    this.saving.textContent = savingText(saving)
    this.saving.title = this.saving.textContent
  }

  /** What the server would not take, for the record. */
  refused(sentences: readonly string[]): void {
    this.lost.hidden = sentences.length === 0
    this.lost.textContent = sentences.length === 1 ? '1 edit was refused' : `${sentences.length} edits were refused`
    this.lost.title = sentences.join('\n')
  }

  /** Whether a conflict waits: the mask is to look at only. */
  get choosing(): boolean {
    return this.stage.querySelector('[aria-modal=true]') !== null
  }

  choose(conflict: Conflict, edits: number, look: (theirs: boolean) => void): Promise<Choice> {
    return askConflict(this.stage, conflict, edits, look)
  }

  notice(text: string): void {
    this.badge.textContent = text
    this.badge.hidden = !text
  }

  toggleHelp(open = this.help.hidden): boolean {
    this.help.hidden = !open
    return true
  }

  get helpIsOpen(): boolean {
    return !this.help.hidden
  }

  /** Cover the picture while it is being opened; `part` from 0 to 1, null where the size is unknown. */
  progress(text: string, part: number | null): void {
    const bar = h('div', { class: 'sv-bar', 'data-open': String(part === null) }, h('i', { style: `width:${(part ?? 0.3) * 100}%` }))
    this.covered(h('p', {}, text), bar)
  }

  failed(message: string, retry?: () => void): void {
    const button = retry && h('button', { class: 'sv-plain', onclick: retry }, 'Retry')
    this.covered(h('p', {}, message), button ?? null)
  }

  uncover(): void {
    this.cover?.remove()
    this.cover = null
  }

  private covered(...children: (Node | null)[]): void {
    this.cover ??= this.stage.appendChild(h('div', { class: 'sv-cover', role: 'status' }))
    this.cover.replaceChildren(...children.filter((child) => child !== null))
  }
}

function savingText(saving: Saving): string {
  if (saving.state === 'saving') return 'saving…'
  if (saving.state === 'waiting') return `not saved, trying again: ${saving.why}`
  if (saving.state === 'conflict') return 'not saved until you choose'
  if (saving.state === 'refused') return `not saved: ${saving.why}`
  return saving.when ? `saved ✓ ${saving.when.toLocaleTimeString('en-GB')}` : 'saved ✓'
}

function helpPanel(world: World, editable: boolean, close: () => void): HTMLElement {
  const keys = KEYS.filter((key) => (key.worlds?.includes(world) ?? true) && (editable || !key.edits))
  const rows = [
    ...keys.map((key) => [shown(key.action), key.title] as const),
    ...GESTURES[world],
  ]
  return h(
    'div',
    { class: 'sv-help', role: 'dialog', 'aria-label': 'Keys', hidden: true },
    h('header', {}, 'Keys and mouse', iconButton('close', 'Close', close)),
    h('dl', {}, ...rows.map(([keys, title]) => h('div', {}, h('dt', {}, h('kbd', {}, keys)), h('dd', {}, title)))),
  )
}
