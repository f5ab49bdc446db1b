/** Window and level: which values are shown black and white. */

export type Window = readonly [low: number, high: number]

export interface Preset {
  name: string
  window: Window
}

/** Width and level in HU, as OHIF 3.10 has them. */
const CT: readonly (readonly [string, number, number])[] = [
  ['Soft tissue', 400, 40],
  ['Lung', 1500, -600],
  ['Liver', 150, 90],
  ['Bone', 2500, 480],
  ['Brain', 80, 40],
]

export type Values = Int16Array | Uint16Array | Uint8Array | Float32Array | Float64Array

const GREY = Uint32Array.from({ length: 256 }, (_, level) => 0xff000000 + level * 0x10101)

/** Opaque grey levels (RGBA bytes, one 32-bit number a voxel) of values in a window. */
export function windowed(values: Values, [low, high]: Window, levels: Uint32Array): void {
  const scale = 255 / (high - low)
  for (let i = 0; i < values.length; i++) {
    const level = (values[i]! - low) * scale
    levels[i] = level >= 255 ? 0xffffffff : level > 0 ? GREY[(level + 0.5) | 0]! : 0xff000000
  }
}

/** CT has absolute windows; MR has none, only parts of its own range. */
export function presets(modality: string, fromFile: Window | null, values: ArrayLike<number>): Preset[] {
  const sorted = sample(values)
  const own: Preset[] = [
    { name: 'Auto', window: fromFile ?? between(sorted, 0.001) },
    { name: 'Full range', window: between(sorted, 0) },
  ]
  if (modality === 'CT') return [...CT.map(([name, width, level]) => ({ name, window: ofLevel(width, level) })), ...own]
  return [...own, { name: '1 – 99 %', window: between(sorted, 0.01) }, { name: '5 – 95 %', window: between(sorted, 0.05) }]
}

export function ofLevel(width: number, level: number): Window {
  return [level - width / 2, level + width / 2]
}

/** The window after a drag: to the right is wider, upwards is a higher level. */
export function dragged([low, high]: Window, dx: number, dy: number, valuesPerPixel: number): Window {
  const width = Math.max(high - low + dx * valuesPerPixel, valuesPerPixel)
  return ofLevel(width, (low + high) / 2 - dy * valuesPerPixel)
}

/** The range without a part of the values at both ends. */
export function between(sorted: ArrayLike<number>, off: number): Window {
  const last = sorted.length - 1
  if (last < 0) return [0, 1]
  const low = sorted[Math.round(off * last)]!
  const high = sorted[Math.round((1 - off) * last)]!
  return high > low ? [low, high] : [sorted[0]!, sorted[last]! > sorted[0]! ? sorted[last]! : sorted[0]! + 1]
}

/** At most 200,000 values, evenly spread and sorted, both extremes among them. */
function sample(values: ArrayLike<number>): Float64Array {
  const step = Math.max(1, Math.ceil(values.length / 200_000))
  let [low, high] = [Infinity, -Infinity]
  const taken: number[] = []
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
    if (i % step === 0) taken.push(value)
  }
  return Float64Array.from(low <= high ? [low, ...taken, high] : []).sort()
}

/** A measured value for the status line. */
export function reading(value: number, modality: string): string {
  const text = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)))
  return modality === 'CT' ? `${text} HU` : text
}
