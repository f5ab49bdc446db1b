/** Steps of a mask's history, of which the page holds the newest. */
import type { Operation as Told } from '../api'

export interface Operation extends Told {
  /** A note is something to know: it cannot be undone and nothing goes to it. */
  kind: 'edit' | 'replace' | 'note'
  /** How many operations are in force when this is the last of them; those up to the present one are. */
  position: number
}

export function isStep({ kind }: Operation): boolean {
  return kind !== 'note'
}

/** The earliest step that is known. */
export function firstStep(operations: readonly Operation[]): Operation | undefined {
  return operations.find(isStep)
}

/** The newest operations as the server says now, with the earlier ones that are known already. */
export function merged(known: readonly Operation[], newest: readonly Operation[]): Operation[] {
  const first = firstStep(newest)
  if (!first) return [...newest]
  const earlier = known.filter((operation) => operation.seq < newest[0]!.seq && (!isStep(operation) || operation.position < first.position))
  const joins = earlier.filter(isStep).at(-1)?.position === first.position - 1
  return [...(joins ? earlier : []), ...newest]
}

/** Earlier operations before those that are known. */
export function atLast(earlier: readonly Operation[], known: readonly Operation[]): Operation[] {
  const first = known[0]?.seq ?? Infinity
  return [...earlier.filter(({ seq }) => seq < first), ...known]
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
