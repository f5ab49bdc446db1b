/** The NIfTI-1 file of a volume as the server packs it: canonical order, little-endian. */
import type { Vec3 } from '../geometry'
import type { Values } from './windows'

export interface Scan {
  shape: Vec3
  /** mm between neighbouring voxels. */
  spacing: Vec3
  /** Row by row; voxel centres to mm (RAS+). */
  affine: number[][]
  /** Numbers of the file, x fastest. */
  raw: Values
  /** Measured values are slope * raw + inter. */
  slope: number
  inter: number
}

const TYPES = { 2: Uint8Array, 4: Int16Array, 16: Float32Array, 512: Uint16Array } as const

/** Throws an Error with a sentence where this is no such file or it ends too early. */
export function parse(file: ArrayBuffer): Scan {
  const header = new DataView(file)
  if (file.byteLength < 352 || header.getInt32(0, true) !== 348) throw new Error('The scan did not arrive as NIfTI; load the page again.')
  const shape = [42, 44, 46].map((at) => header.getInt16(at, true)) as Vec3
  const Type = TYPES[header.getInt16(70, true) as keyof typeof TYPES]
  if (!Type) throw new Error('The scan holds a type of numbers that this picture cannot show.')
  const [offset, count] = [header.getFloat32(108, true), shape[0] * shape[1] * shape[2]]
  if (file.byteLength < offset + count * Type.BYTES_PER_ELEMENT) throw new Error('The scan did not arrive as a whole; load the page again.')
  const float = (at: number) => header.getFloat32(at, true)
  const row = (at: number) => [0, 4, 8, 12].map((step) => float(at + step))
  const [slope, inter] = scalingOf(float(112), float(116))
  return {
    shape,
    spacing: [80, 84, 88].map(float) as Vec3,
    affine: [row(280), row(296), row(312), [0, 0, 0, 1]],
    raw: new Type(file, offset, count),
    slope,
    inter,
  }
}

/** A slope of 0 or none means that nothing is scaled. */
export function scalingOf(slope: number, inter: number): [slope: number, inter: number] {
  return Number.isFinite(slope) && slope !== 0 ? [slope, Number.isFinite(inter) ? inter : 0] : [1, 0]
}

export function measured(raw: Values, slope: number, inter: number): ArrayLike<number> {
  return slope === 1 && inter === 0 ? raw : Float32Array.from(raw, (value) => value * slope + inter)
}
