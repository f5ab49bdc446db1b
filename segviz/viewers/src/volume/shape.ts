/** A polygon being clicked or a lasso being pulled, in one slice. */
import { ACROSS, type Plane, type Vec3 } from '../geometry'

export interface Closed {
  plane: Plane
  corners: readonly Vec3[]
  /** It takes away instead of adding. */
  cut: boolean
}

export class Shape {
  private shape: { plane: Plane; corners: Vec3[]; cut: boolean } | null = null

  get open(): boolean {
    return this.shape !== null
  }

  get plane(): Plane | null {
    return this.shape?.plane ?? null
  }

  get cut(): boolean {
    return this.shape?.cut ?? false
  }

  get corners(): readonly Vec3[] {
    return this.shape?.corners ?? []
  }

  begin(plane: Plane, voxel: Vec3, cut: boolean): void {
    this.shape = { plane, corners: [], cut }
    this.add(voxel)
  }

  /** A corner in the slice of the first one. */
  add(voxel: Vec3): void {
    if (!this.shape) return
    const { corners, plane } = this.shape
    corners.push(inSlice(voxel, ACROSS[plane], corners[0]))
  }

  drop(): void {
    this.shape?.corners.pop()
    if (this.corners.length === 0) this.shape = null
  }

  /** null where the corners span no area. */
  close(): Closed | null {
    const { shape } = this
    this.shape = null
    return shape && shape.corners.length > 2 ? shape : null
  }

  cancel(): void {
    this.shape = null
  }
}

/** A hundredth of a voxel is exact enough and keeps edits short. */
function inSlice(voxel: Vec3, across: 0 | 1 | 2, first: Vec3 | undefined): Vec3 {
  const rounded = voxel.map((at) => Math.round(at * 100) / 100) as Vec3
  rounded[across] = first ? first[across] : Math.round(voxel[across])
  return rounded
}
