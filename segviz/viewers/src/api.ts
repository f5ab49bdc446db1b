/** Talking to segviz's own routes. */

export interface LabelRow {
  value: number
  name: string
  color: string
  count: number
  /** ml or ha; null where the grid gives none. */
  amount: number | null
  unit: string
}

/** One line of the history; those that were undone are not `done`. */
export interface Operation {
  seq: number
  title: string
  author: string
  when: string
  tool?: string
  done: boolean
}

/** What the server says of a mask after each operation. */
export interface State {
  revision: number
  generation: number
  saved: string
  source: string
  can_undo: boolean
  can_redo: boolean
  labels: LabelRow[]
  box: [number, number, number, number] | null
  runs: string | null
  reload: boolean
  /** Of the run that a volume's mask stands on; null where it kept no probabilities. */
  probability: { run: string; label: number; default: number; threshold: number } | null
  /** The newest operations, the oldest first. */
  operations?: Operation[]
  legend?: Label[]
  /** A sentence for who made the edit. */
  note?: string
  layer?: string
  /** Whose changes elsewhere in the mask came with this answer. */
  merged?: string[]
}

export interface Label {
  value: number
  name: string
  color: string
}

/** What was done to the same cells since the mask that an edit was made on. */
export interface Conflict {
  cells: number
  operations: { title: string; author: string; when: string }[]
}

const UNTOLD: Conflict = { cells: 0, operations: [] }

/** An answer other than 2xx: `message` is one sentence in the user's words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly conflict: Conflict = UNTOLD,
  ) {
    super(message)
  }
}

async function refusal(response: Response): Promise<Refusal> {
  const body = await response.json().catch(() => null)
  const { code = '', message = '' } = body?.error ?? {}
  return new Refusal(response.status, code, message || `The server answered ${response.status} ${response.statusText}.`, body?.conflict)
}

/** Address of a layer of a visit; without one, of the visit's first. */
export function layerUrl(base: string, visit: string, layer = ''): string {
  return `${base}/visits/${visit}${layer && `/layers/${layer}`}`
}

/** fetch that throws a Refusal where the server says no; a lost connection throws a TypeError. */
export async function ask(url: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  if (!response.ok) throw await refusal(response)
  // A route that does not exist is answered by Streamlit's page, with status 200.
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    throw new Refusal(404, '', 'This case is not open on the server any more; open it again from Cases.')
  }
  return response
}

export async function askJson<T>(url: string, init?: RequestInit): Promise<T> {
  return (await ask(url, init)).json() as Promise<T>
}

export function post(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
}

/** Download while telling how many bytes have arrived (after decompression). */
export async function download(
  url: string,
  onProgress: (received: number, total: number | null) => void,
  signal?: AbortSignal,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; headers: Headers }> {
  const response = await ask(url, { signal: signal ?? null })
  const compressed = response.headers.has('content-encoding')
  const total = Number(response.headers.get(compressed ? 'x-size' : 'content-length')) || null
  const parts: Uint8Array[] = []
  let received = 0
  const reader = response.body!.getReader()
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    parts.push(step.value)
    received += step.value.length
    onProgress(received, total)
  }
  return { bytes: joined(parts, received), headers: response.headers }
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** One sentence for people about anything that was thrown. */
export function sentence(error: unknown): string {
  if (error instanceof Refusal) return error.message
  if (error instanceof TypeError) return 'The server does not answer; check the connection.'
  return error instanceof Error ? error.message : String(error)
}
