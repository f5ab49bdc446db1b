/** Where the three planes stand in the window. */
import { AXIAL, CORONAL, SAGITTAL, type Plane, type Vec3 } from '../geometry'

export interface Tile {
  sliceType: Plane
  /** left, top, width, height as parts of the window */
  position: [number, number, number, number]
}

/**
 * One plane over the whole window, or the axial plane large with the two others beside it (below it
 * in a tall window); `extent` is the volume's size in mm.
 */
export function layout(width: number, height: number, extent: Vec3, single: Plane | null): Tile[] {
  if (single !== null) return [{ sliceType: single, position: [0, 0, 1, 1] }]
  const [gapX, gapY] = [2 / Math.max(width, 1), 2 / Math.max(height, 1)]
  if (width >= height) {
    const axial = clamp((height * extent[0]) / extent[1] / width, 0.46, 0.64)
    const [left, rest] = [axial + gapX, 1 - axial - gapX]
    return [
      { sliceType: AXIAL, position: [0, 0, axial, 1] },
      { sliceType: SAGITTAL, position: [left, 0, rest, 0.5 - gapY / 2] },
      { sliceType: CORONAL, position: [left, 0.5 + gapY / 2, rest, 0.5 - gapY / 2] },
    ]
  }
  const axial = clamp((width * extent[1]) / extent[0] / height, 0.46, 0.64)
  const [top, rest] = [axial + gapY, 1 - axial - gapY]
  return [
    { sliceType: AXIAL, position: [0, 0, 1, axial] },
    { sliceType: SAGITTAL, position: [0, top, 0.5 - gapX / 2, rest] },
    { sliceType: CORONAL, position: [0.5 + gapX / 2, top, 0.5 - gapX / 2, rest] },
  ]
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
