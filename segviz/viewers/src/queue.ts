/**
 * Edits on their way to the server: one at a time, in order, kept until they are acknowledged.
 *
 * An edit that cannot be delivered is tried again after growing pauses, and survives a reload of the
 * page in the tab's storage. The server knows each by its uuid, so sending twice is harmless.
 */
import { askJson, Refusal, sentence, type State } from './api'

export interface Edit {
  uuid: string
  kind: 'stroke' | 'undo' | 'redo' | 'threshold'
  tool: string
  /** Opaque to the queue: runs in base64, the shape of a map edit, a threshold. */
  payload: string
}

export type Saving =
  | { state: 'saved'; when: Date | null }
  | { state: 'saving' }
  | { state: 'waiting'; why: string }
  | { state: 'refused'; why: string }

export interface Server {
  /** The request that delivers an edit made on this revision. */
  request(edit: Edit, baseRevision: number): { url: string; init: RequestInit }
  /** Take over the server's answer to this edit. */
  acknowledge(edit: Edit, state: State): void | Promise<void>
  /** Fetch mask and state anew; pending edits are drawn again by the caller. */
  reload(): Promise<State>
  report(saving: Saving): void
  /** A sentence for the status line. */
  tell(message: string): void
}

/** Answers that sending the same edit again cannot change. */
const NEVER = new Set([400, 413, 422])

const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15000]

export class EditQueue {
  revision = 0
  private readonly edits: Edit[]
  private running = false
  private failures = 0
  private stopped = false
  private wake: () => void = () => undefined

  constructor(
    private readonly server: Server,
    private readonly storageKey: string,
  ) {
    this.edits = stored(storageKey)
  }

  get pending(): readonly Edit[] {
    return this.edits
  }

  add(kind: Edit['kind'], tool: string, payload = ''): Edit {
    const edit = { uuid: uuid(), kind, tool, payload }
    this.edits.push(edit)
    this.store()
    void this.run()
    return edit
  }

  /** Start or go on sending; called after loading and by a Retry button. */
  async run(): Promise<void> {
    this.wake()
    if (this.running || this.stopped) return
    this.running = true
    while (this.edits.length > 0 && !this.stopped) {
      const edit = this.edits[0]!
      this.server.report(this.failures ? { state: 'waiting', why: '' } : { state: 'saving' })
      try {
        await this.deliver(edit)
        this.failures = 0
      } catch (error) {
        await this.recover(edit, error)
      }
    }
    this.running = false
  }

  stop(): void {
    this.stopped = true
    this.wake()
  }

  private async deliver(edit: Edit): Promise<void> {
    const { url, init } = this.server.request(edit, this.revision)
    const state = await askJson<State>(url, init)
    this.revision = state.revision
    this.drop(edit)
    await this.server.acknowledge(edit, state)
    if (this.edits.length === 0) this.server.report({ state: 'saved', when: new Date(state.saved) })
  }

  private async recover(edit: Edit, error: unknown): Promise<void> {
    if (error instanceof Refusal && error.status === 409) return this.replay(edit)
    if (error instanceof Refusal && NEVER.has(error.status)) return this.giveUp(edit, error)
    await this.pause(sentence(error))
  }

  /** The mask has moved on: take its present state and send what is pending on top of that. */
  private async replay(edit: Edit): Promise<void> {
    if (this.failures++ > 0) await this.pause('The mask is being changed elsewhere.')
    if (edit.kind !== 'stroke') this.drop(edit)
    try {
      this.revision = (await this.server.reload()).revision
      this.server.tell(
        edit.kind === 'stroke'
          ? 'The mask was changed elsewhere; it was loaded again and your stroke was put on top.'
          : `The mask was changed elsewhere; it was loaded again, the ${edit.kind} was not carried out.`,
      )
    } catch (error) {
      await this.pause(sentence(error))
    }
    if (this.edits.length === 0) this.server.report({ state: 'saved', when: null })
  }

  private async giveUp(edit: Edit, refusal: Refusal): Promise<void> {
    this.drop(edit)
    this.server.report({ state: 'refused', why: refusal.message })
    await this.server.reload().then(
      (state) => (this.revision = state.revision),
      () => undefined,
    )
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

  private store(): void {
    try {
      if (this.edits.length > 0) sessionStorage.setItem(this.storageKey, JSON.stringify(this.edits))
      else sessionStorage.removeItem(this.storageKey)
    } catch {
      // Storage may be full or forbidden; the edits are still in memory and on their way.
    }
  }
}

function stored(key: string): Edit[] {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '[]') as Edit[]
  } catch {
    return []
  }
}

/** crypto.randomUUID exists on https and localhost only; segviz may be reached by plain http. */
function uuid(): string {
  if (crypto.randomUUID) return crypto.randomUUID()
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0'))
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
