/**
 * Changed voxels as the edit routes carry them: for each run a varint gap from the end of the run
 * before, a varint length and one byte with the new label; flat canonical indices, x fastest.
 */

export interface Run {
  start: number
  length: number
  label: number
}

/** Runs of consecutive cells; `cells` ascending and unique, all with the same new label. */
export function runsOf(cells: ArrayLike<number>, label: number): Run[] {
  const runs: Run[] = []
  let open: Run | undefined
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]!
    if (open && cell === open.start + open.length) open.length++
    else runs.push((open = { start: cell, length: 1, label }))
  }
  return runs
}

export function encode(runs: readonly Run[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = []
  let end = 0
  for (const { start, length, label } of runs) {
    pushVarint(bytes, start - end)
    pushVarint(bytes, length)
    bytes.push(label)
    end = start + length
  }
  return Uint8Array.from(bytes)
}

/** Throws a RangeError where the bytes end inside a run. */
export function decode(bytes: Uint8Array): Run[] {
  const runs: Run[] = []
  let at = 0
  let end = 0
  const varint = () => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw new RangeError('the runs end too early')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const start = end + varint()
    const length = varint()
    const label = bytes[at++]
    if (label === undefined) throw new RangeError('the runs end too early')
    runs.push({ start, length, label })
    end = start + length
  }
  return runs
}

/** Runs with later ones on top of them, each cell once. */
export function over(runs: readonly Run[], later: readonly Run[]): readonly Run[] {
  if (later.length === 0) return runs
  const labels = new Map<number, number>()
  for (const { start, length, label } of [...runs, ...later]) {
    for (let cell = start; cell < start + length; cell++) labels.set(cell, label)
  }
  const cells = [...labels.keys()].sort((a, b) => a - b)
  return cells.map((start) => ({ start, length: 1, label: labels.get(start)! }))
}

/** Write the runs into a mask. */
export function apply(runs: readonly Run[], mask: Uint8Array): void {
  for (const { start, length, label } of runs) mask.fill(label, start, start + length)
}

function pushVarint(bytes: number[], value: number): void {
  while (value >= 128) {
    bytes.push((value % 128) | 0x80)
    value = Math.floor(value / 128)
  }
  bytes.push(value)
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
}
