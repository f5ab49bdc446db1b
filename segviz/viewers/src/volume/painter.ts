/** All that is written into the mask: strokes and shapes within their limits, what the server sends. */
import { eachFrame } from '../dom'
import { ACROSS, clampVoxel, polygonCells, strokeCells, type Plane, type Stroke, type Vec3 } from '../geometry'
import { encode, runsOf } from '../runs'
import { changeable, type Where } from '../where'
import type { Picture } from './picture'

export type Brush = Omit<Stroke, 'shape' | 'spacing'>

/** What a stroke or shape came to. */
export interface Painted {
  runs: Uint8Array<ArrayBuffer>
  /** Voxels that are different now. */
  changed: number
  /** Voxels that the limits kept as they were. */
  kept: number
}

interface Ink {
  label: number
  where: Where
  /** Labels that may be painted over. */
  may: Uint8Array
}

export class Painter {
  private ink: Ink | null = null
  private brush: Brush | null = null
  private last: Vec3 = [0, 0, 0]
  /** Cells of this stroke that were allowed, each once, and their labels before. */
  private cells: number[] = []
  private before: number[] = []
  /** Cells that the limits kept from it. */
  private kept: number[] = []
  /** 1 for cells of either. */
  private met = new Uint8Array(0)
  private slices: [number, number] | null = null
  private counted: Float64Array | null = null
  private readonly show = eachFrame(() => this.refresh())

  constructor(private readonly picture: Picture) {}

  get painting(): boolean {
    return this.ink !== null
  }

  /** Voxels of each label on the screen. */
  get counts(): Float64Array {
    if (this.counted) return this.counted
    const counts = new Float64Array(256)
    for (const label of this.picture.mask) counts[label]!++
    return (this.counted = counts)
  }

  /** The mask was written by somebody else. */
  recount(): void {
    this.counted = null
  }

  begin(label: number, where: Where, brush: Brush, voxel: Vec3): void {
    this.dip(label, where)
    this.brush = brush
    this.last = this.snapped(voxel)
    this.extend(voxel)
  }

  /** Paint from the last point to this one; points are snapped to voxel centres. */
  extend(voxel: Vec3): void {
    if (!this.brush) return
    const { shape, spacing } = this.picture
    const to = this.snapped(voxel)
    this.put(strokeCells({ shape, spacing, ...this.brush }, this.last, to))
    this.last = to
    this.show()
  }

  /** A filled polygon, from its first to its last slice. */
  polygon(label: number, where: Where, plane: Plane, corners: readonly Vec3[], [first, last]: readonly [number, number]): Painted {
    this.dip(label, where)
    for (let slice = first; slice <= last; slice++) {
      const there = corners.map((corner) => Object.assign([...corner], { [ACROSS[plane]]: slice }) as Vec3)
      this.put(polygonCells(this.picture.shape, plane, there))
    }
    return this.end()
  }

  end(): Painted {
    const { ink, cells, before } = this
    const kept = this.kept.filter((cell) => this.picture.mask[cell] !== ink?.label).length
    const changed = ink ? before.filter((label) => label !== ink.label).length : 0
    const runs = ink ? encode(runsOf(Uint32Array.from(cells).sort(), ink.label)) : new Uint8Array(0)
    this.wash()
    return { runs, changed, kept }
  }

  /** Take the unfinished stroke back. */
  cancel(): void {
    const { cells, before } = this
    const slice = this.picture.shape[0] * this.picture.shape[1]
    for (const [at, cell] of cells.entries()) {
      this.write(cell, before[at]!)
      this.touch(Math.floor(cell / slice))
    }
    this.wash()
  }

  /** Change the mask underneath an unfinished stroke, which stays on top. */
  under(change: () => void): void {
    const { cells, before, ink } = this
    for (const [at, cell] of cells.entries()) this.picture.mask[cell] = before[at]!
    change()
    this.counted = null
    if (!ink) return
    for (const [at, cell] of cells.entries()) {
      before[at] = this.picture.mask[cell]!
      this.picture.mask[cell] = ink.label
    }
  }

  private dip(label: number, where: Where): void {
    const { length } = this.picture.mask
    if (this.met.length !== length) this.met = new Uint8Array(length)
    this.ink = { label, where, may: changeable(where, label) }
  }

  private wash(): void {
    for (const cells of [this.cells, this.kept]) for (const cell of cells) this.met[cell] = 0
    this.ink = this.brush = null
    this.cells = []
    this.before = []
    this.kept = []
    this.refresh()
  }

  private put(cells: readonly number[]): void {
    if (!this.ink) return
    const { mask, shape } = this.picture
    const { label, may, where } = this.ink
    const allows = this.valuesOf(where)
    const slice = shape[0] * shape[1]
    for (const cell of cells) {
      if (this.met[cell]) continue
      this.met[cell] = 1
      const before = mask[cell]!
      if (may[before] && allows(cell)) {
        this.cells.push(cell)
        this.before.push(before)
        this.write(cell, label)
        this.touch(Math.floor(cell / slice))
      } else {
        this.kept.push(cell)
      }
    }
  }

  private write(cell: number, label: number): void {
    const { mask } = this.picture
    const counts = this.counts
    counts[mask[cell]!]!--
    counts[label]!++
    mask[cell] = label
  }

  /** Whether the measured value of a cell lies in the window, with 32 bits as on the server. */
  private valuesOf({ window }: Where): (cell: number) => boolean {
    if (!window) return () => true
    const { raw, slope, inter } = this.picture.scan
    const [low, high] = window
    return (cell) => {
      const value = Math.fround(raw[cell]! * slope + inter)
      return value >= low && value <= high
    }
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
