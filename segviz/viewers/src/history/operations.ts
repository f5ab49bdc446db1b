/** Steps of a mask's history, of which the page holds the newest. */

export interface Operation {
  /** Order in the journal. */
  seq: number
  /** How many operations are in force when this is the last of them. */
  position: number
  title: string
  author: string
  /** ISO date and time. */
  when: string
  tool?: string
  /** False after it was undone. */
  done: boolean
}

/** How many operations are in force. */
export function inForce(operations: readonly Operation[]): number {
  const last = operations.filter(({ done }) => done).at(-1)
  return last?.position ?? Math.max(0, (operations[0]?.position ?? 1) - 1)
}

/** The newest operations as the server says now, with the earlier ones that are known already. */
export function merged(known: readonly Operation[], newest: readonly Operation[]): Operation[] {
  const first = newest[0]?.position ?? 0
  const present = inForce(newest)
  const earlier = known.filter(({ position }) => position < first)
  const joins = earlier.at(-1)?.position === first - 1
  return [...(joins ? earlier : []).map((operation) => ({ ...operation, done: operation.position <= present })), ...newest]
}

/** Earlier operations before those that are known. */
export function atLast(earlier: readonly Operation[], known: readonly Operation[]): Operation[] {
  const first = known[0]?.position ?? Infinity
  return [...earlier.filter(({ position }) => position < first), ...known]
}

/** How long ago something was, as a reader would say it. */
export function ago(when: Date, now: Date): string {
  const minutes = Math.floor((now.getTime() - when.getTime()) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`
  const days = Math.floor(minutes / (24 * 60))
  if (days < 7) return days === 1 ? 'yesterday' : `${days} days ago`
  return when.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
}
