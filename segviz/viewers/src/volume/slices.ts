/** Slices as pictures, to be laid over the planes. */
import { ACROSS, ALONG, type Plane, type Vec3 } from '../geometry'
import type { Run } from '../runs'
import type { Scan } from './nifti'

/** A picture of each slice, as RGBA in one number a voxel. */
export interface Layer {
  slice(plane: Plane, index: number): Uint32Array<ArrayBuffer>
}

/** One slice, rows of the plane's first axis; `colorOf` also gets the column and row. */
export function sliceOf(
  shape: Vec3,
  plane: Plane,
  index: number,
  colorOf: (cell: number, column: number, row: number) => number,
): Uint32Array<ArrayBuffer> {
  const step: Vec3 = [1, shape[0], shape[0] * shape[1]]
  const [u, v] = ALONG[plane]
  const start = index * step[ACROSS[plane]]
  const pixels = new Uint32Array(shape[u] * shape[v])
  let at = 0
  for (let row = 0; row < shape[v]; row++) {
    let cell = start + row * step[v]
    for (let column = 0; column < shape[u]; column++, cell += step[u]) pixels[at++] = colorOf(cell, column, row)
  }
  return pixels
}

/** `#rrggbb` with an opacity of 0 to 255, as RGBA bytes in one number. */
export function packed(color: string, opacity: number): number {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)) as [number, number, number]
  return ((opacity << 24) | (b << 16) | (g << 8) | r) >>> 0
}

/** What an edit would change, hatched in the colours of the new labels. */
export function proposed(runs: readonly Run[], shape: Vec3, colorOf: (label: number) => string): Layer {
  const labels = [...new Set(runs.map(({ label }) => label))]
  const strong = Uint32Array.from([0, ...labels.map((label) => packed(colorOf(label), 235))])
  const faint = Uint32Array.from([0, ...labels.map((label) => packed(colorOf(label), 120))])
  const marks = new Uint8Array(shape[0] * shape[1] * shape[2])
  for (const { start, length, label } of runs) marks.fill(labels.indexOf(label) + 1, start, start + length)
  return {
    slice: (plane, index) =>
      sliceOf(shape, plane, index, (cell, column, row) => ((column + row) % 4 < 2 ? strong : faint)[marks[cell]!]!),
  }
}

const IN_RANGE = packed('#f0e442', 70)

/** Where measured values lie in a window. */
export function inWindow({ raw, slope, inter, shape }: Scan, [low, high]: readonly [number, number]): Layer {
  return {
    slice: (plane, index) =>
      sliceOf(shape, plane, index, (cell) => {
        const value = Math.fround(raw[cell]! * slope + inter)
        return value >= low && value <= high ? IN_RANGE : 0
      }),
  }
}

/** Between which values nine of ten voxels of a label lie; null where it has none. */
export function usual({ raw, slope, inter }: Scan, mask: Uint8Array, label: number): [low: number, high: number] | null {
  const step = Math.max(1, Math.floor(mask.length / 2_000_000))
  const found: number[] = []
  for (let cell = 0; cell < mask.length; cell += step) if (mask[cell] === label) found.push(raw[cell]! * slope + inter)
  const sorted = Float32Array.from(found).sort()
  const at = (part: number) => sorted[Math.round(part * (sorted.length - 1))]!
  return label !== 0 && sorted.length > 0 ? [at(0.05), at(0.95)] : null
}
