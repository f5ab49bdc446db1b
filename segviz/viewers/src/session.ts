/** A mask being edited: its queue, what the server last said of it, undo and redo. */
import { post, type Label, type State } from './api'
import type { Emit } from './component'
import type { Frame } from './frame'
import type { Box } from './map/pixels'
import { EditQueue, type Edit } from './queue'
import type { Toolbar } from './toolbar'

export interface Place {
  /** Address of the visit's routes. */
  url: string
  author: string
}

export interface World {
  /** How a stroke is carried: the body and what belongs into the address. */
  carry(edit: Edit, baseRevision: number): { query?: Record<string, string>; init: RequestInit }
  /** The mask as it is now on the server, with pending edits drawn on top of it. */
  reload(): Promise<State>
  /** Show what an acknowledged edit has changed; false where only a reload can. */
  acknowledged(edit: Edit, state: State): boolean
  /** The cells of a scene that are in view. */
  view?(): Box
  /** The server's word on the mask has come. */
  adopted?(state: State): void
}

export class Session {
  readonly queue: EditQueue
  state: State | null = null
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
        acknowledge: (edit, state) => this.acknowledge(edit, state),
        reload: () => this.reload(),
        report: (saving) => frame.report(saving),
        tell: (message) => frame.tell(message),
      },
      `segviz:${place.url.split('/').at(-1)}`,
    )
    window.addEventListener('beforeunload', this.beforeUnload)
  }

  /** After the mask was loaded for the first time: show the state, send what an earlier page left. */
  start(state: State): void {
    this.adopt(state)
    this.reportSaved(state)
    if (this.queue.pending.length > 0) this.frame.tell('Strokes that were not saved before are being saved now.')
    void this.queue.run()
  }

  stroke(tool: string, payload: string): Edit {
    return this.after(this.queue.add('stroke', tool, payload))
  }

  moveThreshold(threshold: number): void {
    this.after(this.queue.add('threshold', 'threshold', String(threshold)))
  }

  step(kind: 'undo' | 'redo'): void {
    const possible = kind === 'undo' ? this.state?.can_undo || this.queue.pending.length > 0 : this.state?.can_redo
    if (possible) this.after(this.queue.add(kind, kind))
  }

  /** The page knows of a newer revision: a model's result or an import was taken over. */
  async follow(revision: number, legend: readonly Label[]): Promise<void> {
    this.legend = legend
    if (this.state) this.frame.chips.show(legend, this.state.labels)
    if (!this.state || revision <= this.queue.revision || this.queue.pending.length > 0) return
    this.queue.revision = revision
    await this.reload().then(
      (state) => this.reportSaved(state),
      () => this.frame.tell('The new mask could not be fetched; it will be with the next edit.'),
    )
  }

  destroy(): void {
    this.queue.stop()
    window.removeEventListener('beforeunload', this.beforeUnload)
  }

  private reportSaved({ saved }: State): void {
    this.frame.report({ state: 'saved', when: saved ? new Date(saved) : null })
  }

  private after(edit: Edit): Edit {
    this.toolbar.enable('undo', true)
    this.toolbar.enable('redo', false)
    return edit
  }

  private request(edit: Edit, revision: number): { url: string; init: RequestInit } {
    if (edit.kind !== 'stroke') {
      const value = edit.kind === 'threshold' ? { value: Number(edit.payload) } : {}
      const body = { base_revision: revision, uuid: edit.uuid, author: this.place.author, ...value }
      return { url: `${this.place.url}/${edit.kind}`, init: post(body) }
    }
    const { query, init } = this.world.carry(edit, revision)
    return { url: `${this.place.url}/edits${query ? `?${new URLSearchParams(query)}` : ''}`, init }
  }

  private async acknowledge(edit: Edit, state: State): Promise<void> {
    const shown = !state.reload && this.world.acknowledged(edit, state)
    this.adopt(state)
    if (!shown) await this.reload()
    this.emit('changed', { revision: this.queue.revision, view: this.world.view?.() ?? null })
  }

  private async reload(): Promise<State> {
    const state = await this.world.reload()
    this.adopt(state)
    return state
  }

  private adopt(state: State): void {
    this.state = state
    this.queue.revision = state.revision
    this.frame.chips.show(this.legend, state.labels)
    this.toolbar.enable('undo', state.can_undo || this.queue.pending.length > 0)
    this.toolbar.enable('redo', state.can_redo && this.queue.pending.length === 0)
    this.world.adopted?.(state)
  }
}
