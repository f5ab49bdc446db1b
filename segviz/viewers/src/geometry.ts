/** Planes, brushes and coordinates of canonical volumes: [x, y, z] grow to right, anterior, superior. */

export type Vec3 = [number, number, number]
type Matrix = readonly [Vec3, Vec3, Vec3]
export type Axis = 0 | 1 | 2

/** Numbered as NiiVue numbers its slice types. */
export const AXIAL = 0
export const CORONAL = 1
export const SAGITTAL = 2
export type Plane = 0 | 1 | 2

export const PLANE_NAMES = ['Axial', 'Coronal', 'Sagittal'] as const

/** The axis that runs through a plane. */
export const ACROSS: readonly [Axis, Axis, Axis] = [2, 1, 0]

/** The axes that run along a plane: across the screen, up the screen. */
export const ALONG: readonly [readonly [Axis, Axis], readonly [Axis, Axis], readonly [Axis, Axis]] = [
  [0, 1],
  [0, 2],
  [1, 2],
]

const LETTERS = [
  ['L', 'R'],
  ['P', 'A'],
  ['I', 'S'],
] as const

/** `S 12.1`: the letter carries the sign. */
export function along(axis: Axis, mm: number): string {
  return `${LETTERS[axis][mm >= 0 ? 1 : 0]} ${Math.abs(mm).toFixed(1)}`
}

/** `R 17.6 A 35.3 S 12.1 mm` */
export function position(mm: Vec3): string {
  return `${along(0, mm[0])} ${along(1, mm[1])} ${along(2, mm[2])} mm`
}

export function sideLetter(axis: Axis, positive: boolean): string {
  return LETTERS[axis][positive ? 1 : 0]
}

/** mm (RAS+) of a voxel centre; `affine` row by row. */
export function toMm(voxel: Vec3, affine: readonly (readonly number[])[]): Vec3 {
  const row = (r: readonly number[]) => r[0]! * voxel[0] + r[1]! * voxel[1] + r[2]! * voxel[2] + r[3]!
  return [row(affine[0]!), row(affine[1]!), row(affine[2]!)]
}

/** ml of one voxel; `affine` row by row. */
export function voxelMl(affine: readonly (readonly number[])[]): number {
  const [[a, b, c], [d, e, f], [g, h, i]] = affine.map((row) => row.slice(0, 3)) as never as Matrix
  return Math.abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)) / 1000
}

export function flatIndex(voxel: Vec3, shape: Vec3): number {
  return voxel[0] + shape[0] * (voxel[1] + shape[1] * voxel[2])
}

export function clampVoxel(voxel: Vec3, shape: Vec3): Vec3 {
  return voxel.map((v, axis) => Math.min(Math.max(v, 0), shape[axis as Axis] - 1)) as Vec3
}

export interface Stroke {
  shape: Vec3
  spacing: Vec3
  plane: Plane
  radiusMm: number
  /** Reach into the neighbouring slices too. */
  ball?: boolean
}

/**
 * Flat indices of the voxels whose centre lies within the radius, in mm, of the segment between two
 * voxel centres: of the slice of the first, or of all as a ball. On a 1 mm grid discs of 1, 2, 3, 5,
 * 10 mm hold 5, 13, 29, 81, 317.
 */
export function strokeCells({ shape, spacing, plane, radiusMm, ball = false }: Stroke, from: Vec3, to: Vec3): number[] {
  const reach = radiusMm + 1e-6
  const across = ACROSS[plane]
  const end: Vec3 = [...to]
  if (!ball) end[across] = from[across]
  const spans = [0, 1, 2].map((axis) => {
    const more = axis === across && !ball ? 0 : reach / spacing[axis as Axis]
    return range(from[axis as Axis], end[axis as Axis], more, shape[axis as Axis])
  }) as [Span, Span, Span]
  const [dx, dy, dz] = spacing
  const [ux, uy, uz] = [(end[0] - from[0]) * dx, (end[1] - from[1]) * dy, (end[2] - from[2]) * dz]
  const length = ux * ux + uy * uy + uz * uz || 1
  const cells: number[] = []
  for (let z = spans[2][0]; z <= spans[2][1]; z++) {
    const pz = (z - from[2]) * dz
    for (let y = spans[1][0]; y <= spans[1][1]; y++) {
      const py = (y - from[1]) * dy
      const row = shape[0] * (y + shape[1] * z)
      for (let x = spans[0][0]; x <= spans[0][1]; x++) {
        const px = (x - from[0]) * dx
        const t = Math.min(Math.max((px * ux + py * uy + pz * uz) / length, 0), 1)
        const [ex, ey, ez] = [px - t * ux, py - t * uy, pz - t * uz]
        if (ex * ex + ey * ey + ez * ez <= reach * reach) cells.push(row + x)
      }
    }
  }
  return cells
}

/**
 * Flat indices of the voxels of one slice whose centre lies inside a polygon (even-odd): an edge owns
 * the rows `top <= row < bottom`, a row the columns `enter <= column < leave`, so that polygons with a
 * common edge share no voxel and leave none out. Corners are continuous voxels; the slice is that of
 * the first.
 */
export function polygonCells(shape: Vec3, plane: Plane, corners: readonly Vec3[]): number[] {
  const [u, v] = ALONG[plane]
  const cells: number[] = []
  if (corners.length < 3) return cells
  const voxel: Vec3 = [...corners[0]!]
  const [low, high] = range(Math.min(...corners.map((c) => c[v])), Math.max(...corners.map((c) => c[v])), 0, shape[v])
  for (voxel[v] = low; voxel[v] <= high; voxel[v]++) {
    const crossings = corners.flatMap((a, at) => crossing(a, corners[(at + 1) % corners.length]!, u, v, voxel[v]))
    crossings.sort((a, b) => a - b)
    for (let at = 0; at + 1 < crossings.length; at += 2) {
      const first = Math.max(Math.ceil(crossings[at]!), 0)
      const stop = Math.min(Math.ceil(crossings[at + 1]!), shape[u])
      for (voxel[u] = first; voxel[u] < stop; voxel[u]++) cells.push(flatIndex(voxel, shape))
    }
  }
  return cells
}

function crossing(a: Vec3, b: Vec3, u: Axis, v: Axis, row: number): number[] {
  if (a[v] <= row === b[v] <= row) return []
  return [a[u] + ((b[u] - a[u]) * (row - a[v])) / (b[v] - a[v])]
}

/** The middle of a label on the axial slice that holds most of it; null where there is none. */
export function middleOfLabel(mask: Uint8Array, shape: Vec3, label: number): Vec3 | null {
  const slice = shape[0] * shape[1]
  let best: { count: number; voxel: Vec3 } | null = null
  for (let z = 0; z < shape[2]; z++) {
    let [count, x, y] = [0, 0, 0]
    for (let i = 0; i < slice; i++) {
      if (mask[z * slice + i] !== label) continue
      count++
      x += i % shape[0]
      y += Math.floor(i / shape[0])
    }
    if (count > (best?.count ?? 0)) best = { count, voxel: [Math.round(x / count), Math.round(y / count), z] }
  }
  return best?.voxel ?? null
}

type Span = [first: number, last: number]

function range(from: number, to: number, reach: number, size: number): Span {
  return [
    Math.max(Math.ceil(Math.min(from, to) - reach), 0),
    Math.min(Math.floor(Math.max(from, to) + reach), size - 1),
  ]
}

/** Where a plane lies on the screen, in CSS pixels, and which voxels are at its edges. */
export interface PlaneView {
  plane: Plane
  left: number
  top: number
  width: number
  height: number
  /** Continuous voxel coordinate (centres at integers) at the left and right edge. */
  across: readonly [number, number]
  /** The same at the top and bottom edge. */
  down: readonly [number, number]
}

export function contains(view: PlaneView, x: number, y: number): boolean {
  return x >= view.left && x < view.left + view.width && y >= view.top && y < view.top + view.height
}

/** Continuous voxel coordinates under a screen point; the axis across the plane is kept. */
export function fromScreen(view: PlaneView, x: number, y: number, keep: Vec3): Vec3 {
  const [u, v] = ALONG[view.plane]
  const voxel: Vec3 = [...keep]
  voxel[u] = view.across[0] + ((x - view.left) / view.width) * (view.across[1] - view.across[0])
  voxel[v] = view.down[0] + ((y - view.top) / view.height) * (view.down[1] - view.down[0])
  return voxel
}

export function toScreen(view: PlaneView, voxel: Vec3): [number, number] {
  const [u, v] = ALONG[view.plane]
  return [
    view.left + ((voxel[u] - view.across[0]) / (view.across[1] - view.across[0])) * view.width,
    view.top + ((voxel[v] - view.down[0]) / (view.down[1] - view.down[0])) * view.height,
  ]
}

/** Screen pixels in one voxel, across and down. */
export function voxelPixels(view: PlaneView): [number, number] {
  return [
    Math.abs(view.width / (view.across[1] - view.across[0])),
    Math.abs(view.height / (view.down[1] - view.down[0])),
  ]
}
