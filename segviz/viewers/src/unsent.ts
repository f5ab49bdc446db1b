/**
 * Edits that the server does not have yet, kept in the browser's storage until it does.
 *
 * Each page keeps its own under a name of its own and holds a lock of that name while it lives. What
 * is under a name that nobody holds was left by a page that was closed or crashed, and is taken over.
 * Without locks (plain http) it may be taken over twice; the server knows each edit by its uuid.
 */
import type { Edit } from './queue'

export interface Unsent {
  /** Revision of the mask that the first of the edits was made on. */
  base: number
  edits: Edit[]
}

const PREFIX = 'segviz:edits'

export class Shelf {
  private readonly prefix: string
  private readonly name: string
  private release: () => void = () => undefined

  constructor(layer: string, page = uuid()) {
    this.prefix = `${PREFIX}:${layer}:`
    this.name = this.prefix + page
    void locks()?.request(this.name, () => new Promise<void>((resolve) => (this.release = resolve)))
  }

  /** False where this browser keeps nothing. */
  keep(unsent: Unsent): boolean {
    if (unsent.edits.length === 0) return stores().forEach((store) => store.removeItem(this.name)), true
    const text = JSON.stringify(unsent)
    return stores().some((store) => written(store, this.name, text))
  }

  /** Hand over what pages that are gone have left; it goes once `take` says that it is kept. */
  async adopt(take: (unsent: Unsent) => boolean): Promise<void> {
    for (const store of stores()) {
      for (const name of namesIn(store, this.prefix)) {
        if (name === this.name) continue
        await ifFree(name, () => {
          const unsent = parsed(store.getItem(name))
          if (!unsent || take(unsent)) store.removeItem(name)
        })
      }
    }
  }

  close(): void {
    this.release()
  }
}

function parsed(text: string | null): Unsent | null {
  try {
    const unsent = JSON.parse(text ?? 'null') as Unsent | null
    return unsent && Array.isArray(unsent.edits) && Number.isInteger(unsent.base) ? unsent : null
  } catch {
    return null
  }
}

/** Storage that outlives the tab first; either may be forbidden. */
function stores(): Storage[] {
  const all: Storage[] = []
  for (const get of [() => localStorage, () => sessionStorage]) {
    try {
      all.push(get())
    } catch {
      // Reading the property throws where the browser blocks storage.
    }
  }
  return all
}

function written(store: Storage, name: string, text: string): boolean {
  try {
    store.setItem(name, text)
    return true
  } catch {
    return false
  }
}

function namesIn(store: Storage, prefix: string): string[] {
  const names = Array.from({ length: store.length }, (_, at) => store.key(at) ?? '')
  return names.filter((name) => name.startsWith(prefix)).sort()
}

function locks(): LockManager | undefined {
  return (globalThis.navigator as Partial<Navigator> | undefined)?.locks
}

async function ifFree(name: string, work: () => void): Promise<void> {
  const manager = locks()
  if (!manager) return work()
  await manager.request(name, { ifAvailable: true }, (lock) => void (lock && work()))
}

/** crypto.randomUUID exists on https and localhost only; segviz may be reached by plain http. */
export function uuid(): string {
  if (crypto.randomUUID) return crypto.randomUUID()
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0'))
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
