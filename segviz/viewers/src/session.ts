/** A mask being edited: its queue, what the server last said of it, undo and redo. */
import { askJson, post, type Conflict, type Label, type LabelRow, type State } from './api'
import * as bus from './bus'
import type { Emit } from './component'
import { whenQuiet } from './dom'
import type { Frame } from './frame'
import type { Box } from './map/pixels'
import { EditQueue, redoable, type Choice, type Edit } from './queue'
import type { Toolbar } from './toolbar'
import { Shelf, type Unsent } from './unsent'
import type { Where } from './where'

export interface Place {
  /** Address of the layer's routes. */
  url: string
  author: string
}

export type Params = Record<string, unknown>

/** What a tool would do. */
export interface Proposal {
  /** Cells and their labels, in base64. */
  runs: string
  count: number
  amount: number | null
  unit: string
  title: string
  note: string
}

export interface World {
  /** How a stroke is carried: the body and what belongs into the address; scenes have tools alone. */
  carry?(edit: Edit, baseRevision: number): { query?: Record<string, string>; init: RequestInit }
  /** The mask as it is now on the server, with pending edits drawn on top of it unless told not to. */
  reload(pending?: boolean): Promise<State>
  /** Draw the edits that are pending on top of the mask. */
  drawPending(): void
  /** Show what an acknowledged edit has changed; false where only a reload can. */
  acknowledged(edit: Edit, state: State): boolean
  /** The stroke where nothing is marked; null where there is nothing of it. */
  union?(edit: Edit): Edit | null
  /** The amounts as they are on the screen, where the browser can count. */
  counted?(rows: LabelRow[]): LabelRow[]
  /** The cells of a scene that are in view. */
  view?(): Box
  /** The server's word on the mask has come. */
  adopted?(state: State): void
}

export class Session {
  readonly queue: EditQueue
  state: State | null = null
  private readonly waiting = new Map<string, () => void>()
  private readonly stopAsks: () => void
  /** The page follows once the hand rests: running it takes the server longer than an edit. */
  private readonly tellPage = whenQuiet(600, () => this.emit('changed', { revision: this.queue.revision, view: this.world.view?.() ?? null }))
  private readonly beforeUnload = (event: BeforeUnloadEvent) => this.queue.pending.length > 0 && event.preventDefault()

  constructor(
    readonly place: Place,
    private legend: readonly Label[],
    private readonly world: World,
    private readonly frame: Frame,
    private readonly toolbar: Toolbar,
    private readonly emit: Emit,
  ) {
    this.queue = new EditQueue(
      {
        request: (edit, revision) => this.request(edit, revision),
        acknowledge: (edit, state, base) => this.acknowledge(edit, state, base),
        reload: () => this.reload(),
        choose: (conflict, edits) => this.choose(conflict, edits),
        union: (edit) => this.union(edit),
        ownLayer: (unsent) => this.ownLayer(unsent),
        report: (saving) => {
          frame.report(saving)
          this.settle()
        },
        tell: (message) => frame.tell(message),
        refused: (sentences) => frame.refused(sentences),
      },
      layerOf(place.url),
    )
    frame.root.dataset['layer'] = layerOf(place.url)
    this.stopAsks = bus.onAsk(place.url, (ask) => this.answer(ask))
    window.addEventListener('beforeunload', this.beforeUnload)
  }

  get labels(): readonly Label[] {
    return this.state?.legend ?? this.state?.labels ?? this.legend
  }

  /** After the mask was loaded for the first time: show the state, send what an earlier page left. */
  async start(state: State): Promise<void> {
    this.adopt(state)
    this.reportSaved(state)
    if ((await this.queue.recover()) > 0) {
      this.world.drawPending()
      this.show()
      this.frame.tell('Edits that were not saved before are being saved now.')
    }
    void this.queue.run()
  }

  stroke(tool: string, payload: string): Edit {
    return this.after(this.queue.add('stroke', tool, payload))
  }

  /** `done` is called once the edit is carried out or refused. */
  tool(tool: string, params: Params, where: Where, done?: () => void): Edit {
    const edit = this.queue.add('tool', tool, JSON.stringify({ params, where }))
    if (done) this.waiting.set(edit.uuid, done)
    return this.after(edit)
  }

  preview(tool: string, params: Params, where: Where, signal: AbortSignal): Promise<Proposal> {
    const { author, url } = this.place
    const body = { tool, params, where, base_revision: this.queue.revision, uuid: '', author }
    return askJson<Proposal>(`${url}/preview`, { ...post(body), signal })
  }

  moveThreshold(threshold: number): void {
    this.after(this.queue.add('threshold', 'threshold', JSON.stringify({ value: threshold })))
  }

  changeLegend(change: Params): void {
    this.after(this.queue.add('label', 'label', JSON.stringify(change)))
  }

  step(kind: 'undo' | 'redo'): void {
    const possible = kind === 'undo' ? this.canUndo : this.canRedo
    if (possible) this.after(this.queue.add(kind, kind))
  }

  jump(position: number): void {
    this.after(this.queue.add('jump', 'jump', JSON.stringify({ position })))
  }

  /** Who edits from now on; the browser keeps the name. */
  sign(author: string): void {
    this.place.author = author
    document.cookie = `segviz-reader=${encodeURIComponent(author)}; path=/; max-age=${author ? YEAR_S : 0}; samesite=lax`
  }

  /** The page knows of a newer revision: a model's result or an import was taken over. */
  async follow(revision: number, legend: readonly Label[]): Promise<void> {
    this.legend = legend
    if (this.state) this.show()
    if (!this.state || revision <= this.state.revision || this.queue.pending.length > 0) return
    await this.reload().then(
      (state) => this.reportSaved(state),
      () => this.frame.tell('The new mask could not be fetched; it will be with the next edit.'),
    )
  }

  /** The mask as it is on the server now. */
  refresh(): Promise<State> {
    return this.reload()
  }

  destroy(): void {
    this.stopAsks()
    this.queue.stop()
    window.removeEventListener('beforeunload', this.beforeUnload)
  }

  private answer({ kind, payload }: Required<bus.Ask>): void {
    if (kind === 'jump') this.jump(Number(payload['position']))
    else if (kind === 'label') this.changeLegend(payload)
    else if (kind === 'tool') this.tool(String(payload['tool']), payload['params'] as Params, payload['where'] as Where)
    else this.step(kind)
  }

  private settle(): void {
    const pending = new Set(this.queue.pending.map(({ uuid }) => uuid))
    for (const [uuid, done] of this.waiting) {
      if (pending.has(uuid)) continue
      this.waiting.delete(uuid)
      done()
    }
  }

  private reportSaved({ saved }: State): void {
    this.frame.report({ state: 'saved', when: saved ? new Date(saved) : null })
  }

  private after(edit: Edit): Edit {
    this.show()
    return edit
  }

  private request(edit: Edit, revision: number, url = this.place.url): { url: string; init: RequestInit } {
    const known = { base_revision: revision, uuid: edit.uuid, author: this.place.author }
    if (edit.kind === 'stroke' && this.world.carry) {
      const { query, init } = this.world.carry(edit, revision)
      return { url: `${url}/edits${query ? `?${new URLSearchParams(query)}` : ''}`, init }
    }
    const said = JSON.parse(edit.payload || '{}') as Params
    if (edit.kind === 'tool') return { url: `${url}/edits`, init: post({ tool: edit.tool, ...said, ...known }) }
    return { url: `${url}/${edit.kind}`, init: post({ ...said, ...known }) }
  }

  /** Anything but one more operation on the mask that the edit was made on is loaded as a whole. */
  private async acknowledge(edit: Edit, state: State, base: number): Promise<void> {
    const unknown = state.reload || (state.revision > base + 1 && !state.merged?.length && edit.kind !== 'jump')
    const same = state.revision === base && !state.runs
    const shown = !unknown && (this.world.acknowledged(edit, state) || same)
    this.adopt(state)
    if (!shown) await this.reload()
    if (state.note) this.frame.tell(state.note)
    if (state.merged?.length) this.frame.tell(`Also new: what ${state.merged.join(', ')} changed elsewhere in the mask.`)
    this.tellPage()
  }

  private async reload(pending = true): Promise<State> {
    const state = await this.world.reload(pending)
    this.adopt(state)
    return state
  }

  private adopt(state: State): void {
    this.state = state
    this.queue.loaded(state)
    this.show()
    this.world.adopted?.(state)
    bus.announce(this.place.url, state)
  }

  /** Numbers and buttons as the pending edits leave them. */
  private show(): void {
    const pending = this.queue.pending.length > 0
    const rows = this.state?.labels ?? []
    this.frame.chips.show(this.labels, pending ? (this.world.counted?.(rows) ?? rows) : rows)
    this.toolbar.enable('undo', this.canUndo)
    this.toolbar.enable('redo', this.canRedo)
  }

  private get canUndo(): boolean {
    return this.queue.pending.length > 0 || this.state?.can_undo === true
  }

  private get canRedo(): boolean {
    return redoable(this.queue.pending, this.state?.can_redo === true)
  }

  // Two people on one mask

  private choose(conflict: Conflict, edits: readonly Edit[]): Promise<Choice> {
    const look = (theirs: boolean) => void this.reload(!theirs).catch(() => undefined)
    return this.frame.choose(conflict, edits.length, look)
  }

  private union(edit: Edit): Edit | null {
    if (edit.kind === 'stroke') return this.world.union?.(edit) ?? null
    if (edit.kind !== 'tool') return edit
    const { params, where } = JSON.parse(edit.payload) as { params: Params; where: Where }
    return { ...edit, payload: JSON.stringify({ params, where: { ...where, union: true } }) }
  }

  /** The edits are kept for the new layer before they are sent there, then the page is told of it. */
  private async ownLayer({ base, edits }: Unsent): Promise<void> {
    const { url, author } = this.place
    const visit = url.replace(/\/layers\/[^/]+$/, '')
    const made = await askJson<{ layer: string; name: string }>(
      `${visit}/layers`,
      post({ name: author || 'My own', author, from: layerOf(url), revision: base }),
    )
    const there = `${visit}/layers/${made.layer}`
    const { revision } = await askJson<State>(`${there}/state`)
    const shelf = new Shelf(made.layer)
    shelf.keep({ base: revision, edits })
    try {
      let on = revision
      for (const edit of edits) {
        const { url, init } = this.request(edit, on, there)
        on = (await askJson<State>(url, init)).revision
      }
      shelf.keep({ base: on, edits: [] })
    } catch {
      this.frame.tell(`The layer ${made.name} was made; your edits are kept and saved there once it is opened.`)
    }
    shelf.close()
    this.emit('layer', made)
  }
}

const YEAR_S = 365 * 24 * 3600

/** The last part of a layer's address. */
function layerOf(url: string): string {
  return url.split('/').at(-1)!
}
