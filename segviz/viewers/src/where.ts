/** Which cells an edit may change; the server applies the same limits to every operation. */

export type Channel = number | readonly [number, number]

export interface Where {
  /** Change cells of this label alone; 0 for what is unlabelled. */
  only: number | null
  /** Leave cells of this label alone. */
  outside: number | null
  /** Labels that nothing is added to or taken from. */
  locked: readonly number[]
  /** Lowest and highest value of the image, both included, in which cells change. */
  window: readonly [low: number, high: number] | null
  channel: Channel
  /** Add only: cells that have a label keep it. */
  union: boolean
}

export const ANYWHERE: Where = { only: null, outside: null, locked: [], window: null, channel: 0, union: false }

/** For each label before, 1 where it may become `after`; values are not looked at. */
export function changeable(where: Where, after: number): Uint8Array {
  const { only, outside, locked, union } = where
  const may = new Uint8Array(256)
  if (locked.includes(after)) return may
  if (only !== null) may[only] = 1
  else may.fill(1)
  if (outside !== null) may[outside] = 0
  if (union) may.fill(0, 1)
  for (const label of locked) may[label] = 0
  return may
}

/** The window as the server compares it with its 32-bit values; low and high in either order. */
export function windowOf(a: number, b: number): readonly [number, number] {
  return [Math.fround(Math.min(a, b)), Math.fround(Math.max(a, b))]
}
