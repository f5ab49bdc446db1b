/** The probabilities of the run that made a mask: what a threshold draws of them, how sure they are. */
import type { Plane, Vec3 } from '../geometry'
import { sliceOf } from './slices'
import type { Run } from '../runs'

const FULL = 255

/** The smallest byte that reaches a threshold; the server counts the same voxels. */
export function leastByte(threshold: number): number {
  return Math.max(1, Math.floor(threshold * FULL + 0.5))
}

/** 0 where the model was sure, 1 where its probability was one half. */
export function uncertainty(byte: number): number {
  return 1 - Math.abs((2 * byte) / FULL - 1)
}

/**
 * How many voxels a threshold marks, whatever the threshold, from one pass over them.
 *
 * Voxels that hands have changed since the run keep their label and are counted as they are.
 */
export class Tail {
  private readonly reaching = new Uint32Array(257)

  constructor(bytes: Uint8Array, painted: readonly Run[], label: number) {
    for (let i = 0; i < bytes.length; i++) this.reaching[bytes[i]!]!++
    let kept = 0
    for (const run of painted) {
      for (let i = run.start; i < run.start + run.length; i++) this.reaching[bytes[i]!]!--
      if (run.label === label) kept += run.length
    }
    this.reaching[256] = kept
    for (let byte = 255; byte >= 0; byte--) this.reaching[byte]! += this.reaching[byte + 1]!
  }

  count(threshold: number): number {
    return this.reaching[leastByte(threshold)]!
  }
}

/** Draw a label at a threshold into a mask; painted runs keep what they hold. */
export function redraw(
  mask: Uint8Array,
  bytes: Uint8Array,
  threshold: number,
  label: number,
  painted: readonly Run[],
): void {
  const least = leastByte(threshold)
  for (let i = 0; i < mask.length; i++) mask[i] = bytes[i]! >= least ? label : 0
  for (const run of painted) mask.fill(run.label, run.start, run.start + run.length)
}

type Rgb = readonly [number, number, number]

/** Blue, sky, yellow: grows brighter, and is told apart with any kind of colour vision. */
const RAMP: readonly Rgb[] = [
  [0, 114, 178],
  [86, 180, 233],
  [240, 228, 66],
]
const CLEAR_BELOW = 0.04
const [FAINTEST, STRONGEST] = [0.2, 0.85]

/** Colour and opacity (0-1) of an uncertainty. */
export function color(uncertainty: number): readonly [...Rgb, number] {
  if (uncertainty < CLEAR_BELOW) return [0, 0, 0, 0]
  const at = Math.min(uncertainty, 1) * (RAMP.length - 1)
  const from = Math.min(Math.floor(at), RAMP.length - 2)
  const mixed = RAMP[from]!.map((low, i) => Math.round(low + (RAMP[from + 1]![i]! - low) * (at - from)))
  return [mixed[0]!, mixed[1]!, mixed[2]!, FAINTEST + (STRONGEST - FAINTEST) * uncertainty]
}

/** For the legend; the ends are those of `color`. */
export function gradient(): string {
  const stops = RAMP.map((rgb, i) => {
    const opacity = FAINTEST + ((STRONGEST - FAINTEST) * i) / (RAMP.length - 1)
    return `rgb(${rgb.join(' ')} / ${Math.round(100 * opacity)}%)`
  })
  return `linear-gradient(to right, ${stops.join(', ')})`
}

/** The colour of each byte, as RGBA bytes in one 32-bit number. */
const COLORS = Uint32Array.from({ length: 256 }, (_, byte) => {
  const [r, g, b, opacity] = color(uncertainty(byte))
  return ((Math.round(opacity * 255) << 24) | (b << 16) | (g << 8) | r) >>> 0
})

/** One slice as RGBA, rows of the plane's first axis. */
export function uncertainSlice(bytes: Uint8Array, shape: Vec3, plane: Plane, index: number): Uint32Array<ArrayBuffer> {
  return sliceOf(shape, plane, index, (cell) => COLORS[bytes[cell]!]!)
}
