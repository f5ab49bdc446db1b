/** Labels as the server has them, read off the sharpest tiles of a mask. */
import { ask } from '../api'
import { indices } from './paletted'
import { TILE, type Pixel, type Shape } from './pixels'

/** Names a tile of the highest zoom. */
type Address = (x: number, y: number) => string

/** The mask of a whole scene, row by row; for scenes of some millions of cells. */
export async function wholeMask([rows, columns]: Shape, address: Address): Promise<Uint8Array> {
  const mask = new Uint8Array(rows * columns)
  for (let y = 0; y * TILE < rows; y++) {
    for (let x = 0; x * TILE < columns; x++) put(await tile(address(x, y)), mask, [rows, columns], x * TILE, y * TILE)
  }
  return mask
}

/** The label of one cell. */
export async function labelAt([column, row]: Pixel, address: Address): Promise<number> {
  const [x, y] = [Math.floor(column / TILE), Math.floor(row / TILE)]
  const cells = await tile(address(x, y))
  return cells[(Math.floor(row) - y * TILE) * TILE + Math.floor(column) - x * TILE]!
}

/** Copy the part of a tile that lies in the scene. */
export function put(tile: Uint8Array, mask: Uint8Array, [rows, columns]: Shape, left: number, top: number): void {
  const width = Math.min(TILE, columns - left)
  for (let row = 0; row < Math.min(TILE, rows - top); row++) {
    mask.set(tile.subarray(row * TILE, row * TILE + width), (top + row) * columns + left)
  }
}

async function tile(address: string): Promise<Uint8Array> {
  return (await indices(await (await ask(address)).arrayBuffer())).cells
}
