/** A stroke from its first point to its runs; the picture shows it at once. */
import { eachFrame } from '../dom'
import { clampVoxel, strokeCells, type Plane, type Vec3 } from '../geometry'
import { apply, runsOf, type Run } from '../runs'
import type { Picture } from './picture'

export interface Brush {
  plane: Plane
  radiusMm: number
  label: number
  /** Change only voxels of this label; null for all. */
  only: number | null
}

export class Painter {
  private brush: Brush | null = null
  private last: Vec3 = [0, 0, 0]
  /** Cells that really changed in this stroke. */
  private cells: number[] = []
  private slices: [number, number] | null = null
  private readonly show = eachFrame(() => this.refresh())

  constructor(private readonly picture: Picture) {}

  get painting(): boolean {
    return this.brush !== null
  }

  begin(brush: Brush, voxel: Vec3): void {
    this.brush = brush
    this.last = this.snapped(voxel)
    this.extend(voxel)
  }

  /** Paint from the last point to this one; points are snapped to voxel centres. */
  extend(voxel: Vec3): void {
    if (!this.brush) return
    const { shape, spacing, mask } = this.picture
    const { label, only } = this.brush
    const to = this.snapped(voxel)
    for (const cell of strokeCells({ shape, spacing, ...this.brush }, this.last, to)) {
      if (mask[cell] === label || (only !== null && mask[cell] !== only)) continue
      mask[cell] = label
      this.cells.push(cell)
      this.touch(Math.floor(cell / (shape[0] * shape[1])))
    }
    this.last = to
    this.show()
  }

  /** What the stroke has changed; empty where all was of that label already. */
  end(): Run[] {
    const { brush, cells } = this
    this.brush = null
    this.cells = []
    this.refresh()
    return brush ? runsOf(Uint32Array.from(cells).sort(), brush.label) : []
  }

  /** Draw the unfinished stroke again after the mask was replaced underneath it. */
  again(): void {
    if (this.brush) for (const cell of this.cells) this.picture.mask[cell] = this.brush.label
  }

  /** Show runs that came from elsewhere. */
  apply(runs: readonly Run[]): void {
    apply(runs, this.picture.mask)
    this.picture.refreshMask()
  }

  private snapped(voxel: Vec3): Vec3 {
    return clampVoxel(voxel.map(Math.round) as Vec3, this.picture.shape)
  }

  private touch(z: number): void {
    const [from, to] = this.slices ?? [z, z]
    this.slices = [Math.min(from, z), Math.max(to, z)]
  }

  private refresh(): void {
    if (!this.slices) return
    this.picture.refreshMask(...this.slices)
    this.slices = null
  }
}
