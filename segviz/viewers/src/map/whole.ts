/** The mask of a whole scene, put together from its sharpest tiles. */
import { ask } from '../api'
import { TILE, type Pixel, type Shape } from './pixels'
import { pixelOf } from './tiles'

/** What one label looks like. */
interface Look {
  value: number
  color: string
}

type Address = (x: number, y: number) => string

/**
 * Labels row by row, for scenes of some millions of cells.
 *
 * `address` names a tile of the highest zoom. Throws an Error where two labels share a colour, so
 * that tiles do not tell them apart.
 */
export async function wholeMask([rows, columns]: Shape, address: Address, labels: readonly Look[]): Promise<Uint8Array> {
  const values = valuesOf(labels)
  const mask = new Uint8Array(rows * columns)
  for (let y = 0; y * TILE < rows; y++) {
    for (let x = 0; x * TILE < columns; x++) put(await tile(address(x, y), values), mask, [rows, columns], x * TILE, y * TILE)
  }
  return mask
}

/** The label of one cell. */
export async function labelAt([column, row]: Pixel, address: Address, labels: readonly Look[]): Promise<number> {
  const [x, y] = [Math.floor(column / TILE), Math.floor(row / TILE)]
  const cells = await tile(address(x, y), valuesOf(labels))
  return cells[(Math.floor(row) - y * TILE) * TILE + Math.floor(column) - x * TILE]!
}

function valuesOf(labels: readonly Look[]): ReadonlyMap<number, number> {
  const values = new Map(labels.map(({ value, color }) => [pixelOf(color), value]))
  if (values.size < labels.length) throw new Error('Two labels have the same colour; change one of them.')
  return values
}

/** Copy the part of a tile that lies in the scene. */
export function put(tile: Uint8Array, mask: Uint8Array, [rows, columns]: Shape, left: number, top: number): void {
  const width = Math.min(TILE, columns - left)
  for (let row = 0; row < Math.min(TILE, rows - top); row++) {
    mask.set(tile.subarray(row * TILE, row * TILE + width), (top + row) * columns + left)
  }
}

async function tile(address: string, values: ReadonlyMap<number, number>): Promise<Uint8Array> {
  const picture = await createImageBitmap(await (await ask(address)).blob(), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' })
  const pen = new OffscreenCanvas(TILE, TILE).getContext('2d', { willReadFrequently: true })!
  pen.drawImage(picture, 0, 0)
  const pixels = new Uint32Array(pen.getImageData(0, 0, TILE, TILE).data.buffer)
  return Uint8Array.from(pixels, (pixel) => {
    if (pixel >>> 24 === 0) return 0
    const value = values.get(pixel)
    if (value === undefined) throw new Error('A tile has a colour of no label; load the page again.')
    return value
  })
}
