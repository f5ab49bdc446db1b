/**
 * Edits on their way to the server: one at a time, in order, kept until they are acknowledged.
 *
 * An edit that cannot be delivered is tried again after growing pauses, and survives a reload, a
 * crash and a closed tab in the browser's storage. The server knows each by its uuid, so sending
 * twice is harmless.
 */
import { askJson, Refusal, sentence, type Conflict, type State } from './api'
import { Shelf, uuid, type Unsent } from './unsent'

export type Kind = 'stroke' | 'tool' | 'undo' | 'redo' | 'jump' | 'threshold' | 'label'

export interface Edit {
  uuid: string
  kind: Kind
  tool: string
  /** Opaque to the queue. */
  payload: string
}

export type Saving =
  | { state: 'saved'; when: Date | null }
  | { state: 'saving' }
  | { state: 'waiting'; why: string }
  | { state: 'conflict' }
  | { state: 'refused'; why: string }

/** What becomes of pending edits where somebody else has changed the same cells. */
export type Choice = 'theirs' | 'mine' | 'union' | 'own'

export interface Server {
  /** The request that delivers an edit made on this revision. */
  request(edit: Edit, baseRevision: number): { url: string; init: RequestInit }
  /** Take over the server's answer to this edit, which was sent on `base`. */
  acknowledge(edit: Edit, state: State, base: number): void | Promise<void>
  /** Fetch mask and state anew, with pending edits on top. */
  reload(): Promise<State>
  /** Ask the person, who sees the mask of `reload`. */
  choose(conflict: Conflict, edits: readonly Edit[]): Promise<Choice>
  /** The edit so that it only adds where nothing is marked; null where it would add nothing. */
  union(edit: Edit): Edit | null
  /** Make a layer of one's own of the mask at this revision and take the edits there. */
  ownLayer(unsent: Unsent): Promise<void>
  report(saving: Saving): void
  /** A sentence for the status line. */
  tell(message: string): void
  /** Edits that the server will never take, for the record. */
  refused(sentences: readonly string[]): void
}

/** Answers that sending the same edit again cannot change. */
const NEVER = new Set([400, 404, 413, 422])

/** So often an operation that can be done again by a click is sent to a server that fails on it. */
const PATIENCE = 5

const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15000]

const NOT_KEPT = 'This browser keeps no copy of unsaved edits; leave the page only when it says saved.'

export class EditQueue {
  /** Of the mask that the first pending edit, or else the next one, is made on. */
  revision = 0
  private readonly edits: Edit[] = []
  private readonly lost: string[] = []
  private saved: Date | null = null
  private readonly shelf: Shelf
  private running = false
  private failures = 0
  private stopped = false
  private wake: () => void = () => undefined

  constructor(
    private readonly server: Server,
    layer: string,
  ) {
    this.shelf = new Shelf(layer)
  }

  get pending(): readonly Edit[] {
    return this.edits
  }

  add(kind: Kind, tool: string, payload = ''): Edit {
    const edit = { uuid: uuid(), kind, tool, payload }
    this.edits.push(edit)
    if (!this.store()) this.server.tell(NOT_KEPT)
    void this.run()
    return edit
  }

  /** Edits of pages that are gone come first, on the mask that they were made on; how many there were. */
  async recover(): Promise<number> {
    const before = this.edits.length
    await this.shelf.adopt(({ base, edits }) => {
      const known = new Set(this.edits.map((edit) => edit.uuid))
      this.edits.unshift(...edits.filter((edit) => !known.has(edit.uuid)))
      this.revision = Math.min(this.revision, base)
      return this.store()
    })
    return this.edits.length - before
  }

  /** The mask was loaded; pending edits were made on an older revision. */
  loaded({ revision, saved }: State): void {
    this.saved = saved ? new Date(saved) : null
    if (this.edits.length === 0) this.revision = revision
  }

  /** Start or go on sending; called after loading and by a Retry button. */
  async run(): Promise<void> {
    this.wake()
    if (this.running || this.stopped) return
    this.running = true
    while (this.edits.length > 0 && !this.stopped) {
      const edit = this.edits[0]!
      if (this.failures === 0) this.server.report({ state: 'saving' })
      try {
        await this.deliver(edit)
        this.failures = 0
      } catch (error) {
        await this.recoverFrom(edit, error)
      }
    }
    this.running = false
  }

  stop(): void {
    this.stopped = true
    this.shelf.close()
    this.wake()
  }

  private async deliver(edit: Edit): Promise<void> {
    const base = this.revision
    const { url, init } = this.server.request(edit, base)
    const state = await askJson<State>(url, init)
    this.revision = state.revision
    this.drop(edit)
    await this.server.acknowledge(edit, state, base)
    if (this.edits.length === 0) this.done(state)
  }

  private async recoverFrom(edit: Edit, error: unknown): Promise<void> {
    if (error instanceof Refusal && error.status === 409) return this.settle(edit, error.conflict)
    if (error instanceof Refusal && this.isHopeless(edit, error)) return this.giveUp(edit, error)
    await this.pause(sentence(error))
  }

  /** Strokes are never given up because a server fails: it may be well again later. */
  private isHopeless({ kind }: Edit, { status }: Refusal): boolean {
    return NEVER.has(status) || (status === 500 && kind !== 'stroke' && this.failures + 1 >= PATIENCE)
  }

  /** Somebody else has changed what this edit changes. */
  private async settle(edit: Edit, conflict: Conflict): Promise<void> {
    try {
      if (isStep(edit)) return await this.leaveOut(edit)
      this.server.report({ state: 'conflict' })
      const state = await this.server.reload()
      await this.follow(await this.server.choose(conflict, this.edits), state.revision)
    } catch (error) {
      await this.pause(sentence(error))
    }
  }

  private async follow(choice: Choice, revision: number): Promise<void> {
    if (choice === 'own') await this.server.ownLayer({ base: this.revision, edits: withoutSteps(this.edits) })
    const mine = choice === 'mine' || choice === 'union' ? withoutSteps(this.edits) : []
    const union = (edit: Edit) => this.server.union(edit) ?? []
    this.edits.splice(0, Infinity, ...(choice === 'union' ? mine.flatMap(union) : mine))
    this.revision = revision
    this.store()
    const state = await this.server.reload()
    if (this.edits.length === 0) this.done(state)
  }

  /** An undo, redo or jump is not carried out on a history that has gone on. */
  private async leaveOut(edit: Edit): Promise<void> {
    this.drop(edit)
    this.server.tell(`The mask was changed elsewhere; it was loaded again, the ${edit.kind} was not carried out.`)
    const state = await this.server.reload()
    if (this.edits.length === 0) this.done(state)
  }

  /** What was drawn is taken off the screen and put on record; a tool that could do nothing says why. */
  private async giveUp(edit: Edit, refusal: Refusal): Promise<void> {
    const undo = undoOf(this.edits)
    this.failures = 0
    this.drop(edit)
    if (undo) this.drop(undo)
    if (edit.kind !== 'stroke' && edit.kind !== 'threshold') {
      this.server.tell(refusal.message)
      if (this.edits.length === 0) this.server.report({ state: 'saved', when: this.saved })
      return
    }
    this.lost.push(`${edit.tool}: ${refusal.message}`)
    this.server.refused(this.lost)
    this.server.report({ state: 'refused', why: refusal.message })
    await this.server.reload().catch(() => undefined)
  }

  private done({ saved, revision }: State): void {
    this.revision = revision
    this.saved = saved ? new Date(saved) : null
    this.server.report({ state: 'saved', when: this.saved })
  }

  private async pause(why: string): Promise<void> {
    this.server.report({ state: 'waiting', why })
    const ms = PAUSES_MS[Math.min(this.failures, PAUSES_MS.length - 1)]!
    this.failures++
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.wake = () => undefined
  }

  private drop(edit: Edit): void {
    this.edits.splice(this.edits.indexOf(edit), 1)
    this.store()
  }

  private store(): boolean {
    return this.shelf.keep({ base: this.revision, edits: this.edits })
  }
}

function isStep({ kind }: Edit): boolean {
  return kind === 'undo' || kind === 'redo' || kind === 'jump'
}

/** What remains of edits once their own undos and redos are carried out; other steps are left out. */
export function withoutSteps(edits: readonly Edit[]): Edit[] {
  const done: Edit[] = []
  let undone: Edit[] = []
  for (const edit of edits) {
    if (edit.kind === 'undo') undone.push(...done.splice(-1))
    else if (edit.kind === 'redo') done.push(...undone.splice(-1))
    else if (edit.kind !== 'jump') {
      done.push(edit)
      undone = []
    }
  }
  return done
}

/** The pending undo that would take back the first of the edits. */
export function undoOf(edits: readonly Edit[]): Edit | undefined {
  let depth = 0
  return edits.find(({ kind }) => {
    if (kind === 'undo') depth--
    else if (kind !== 'jump') depth++
    return depth === 0
  })
}

/** Whether there will be something to redo once the edits are through. */
export function redoable(edits: readonly Edit[], canRedo: boolean): boolean {
  let undone = canRedo ? 1 : 0
  for (const { kind } of edits) undone = kind === 'undo' ? undone + 1 : kind === 'redo' ? undone - 1 : 0
  return undone > 0
}
