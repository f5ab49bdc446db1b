/** The scene's own pixel grid as a map: x is the column, y is minus the row, one unit a pixel. */
import Projection from 'ol/proj/Projection'
import TileGrid from 'ol/tilegrid/TileGrid'

export const TILE = 512

/** Rows and columns of a scene. */
export type Shape = readonly [rows: number, columns: number]

/** [column, row], continuous: pixel (r, c) covers c to c + 1 and r to r + 1. */
export type Pixel = readonly [column: number, row: number]

/** Row start, row stop, column start, column stop. */
export type Box = readonly [number, number, number, number]

export function extentOf([rows, columns]: Shape): [number, number, number, number] {
  return [0, -rows, columns, 0]
}

export function projectionOf(shape: Shape): Projection {
  return new Projection({ code: 'segviz-pixels', units: 'pixels', extent: extentOf(shape), metersPerUnit: 1 })
}

/** Tiles of 512 x 512 screen pixels; at the highest zoom one of them is one cell. */
export function tileGridOf(shape: Shape, maxZoom: number): TileGrid {
  const resolutions = Array.from({ length: maxZoom + 1 }, (_, z) => 2 ** (maxZoom - z))
  return new TileGrid({ extent: extentOf(shape), origin: [0, 0], resolutions, tileSize: TILE })
}

/** The cells that a tile shows. */
export function boxOfTile(z: number, x: number, y: number, maxZoom: number): Box {
  const cells = TILE * 2 ** (maxZoom - z)
  return [y * cells, (y + 1) * cells, x * cells, (x + 1) * cells]
}

export function overlaps(a: Box, b: Box): boolean {
  return a[0] < b[1] && b[0] < a[1] && a[2] < b[3] && b[2] < a[3]
}

/** The cells of a scene that lie in an extent of the map. */
export function cellsIn([left, bottom, right, top]: readonly number[], [rows, columns]: Shape): Box {
  const within = (position: number, size: number) => Math.min(Math.max(position, 0), size)
  return [
    within(Math.floor(-top!), rows),
    within(Math.ceil(-bottom!), rows),
    within(Math.floor(left!), columns),
    within(Math.ceil(right!), columns),
  ]
}

export function toPixel(coordinate: readonly number[]): Pixel {
  return [coordinate[0]!, -coordinate[1]!]
}

export function toCoordinate([column, row]: Pixel): [number, number] {
  return [column, -row]
}

export function isInside([column, row]: Pixel, [rows, columns]: Shape): boolean {
  return row >= 0 && row < rows && column >= 0 && column < columns
}

/**
 * Which revision of the mask a tile shows: the last one that changed a cell of it. Tiles that an
 * edit did not touch keep their address and are not asked for again.
 */
export class Revisions {
  private boxes: { box: Box; revision: number }[] = []

  constructor(
    private base: number,
    private readonly maxZoom: number,
  ) {}

  /** Everything may have changed. */
  reset(revision: number): void {
    this.base = revision
    this.boxes = []
  }

  changed(box: Box, revision: number): void {
    this.boxes.push({ box, revision })
  }

  of(z: number, x: number, y: number): number {
    const tile = boxOfTile(z, x, y, this.maxZoom)
    return this.boxes.reduce((last, { box, revision }) => (overlaps(tile, box) ? Math.max(last, revision) : last), this.base)
  }
}
