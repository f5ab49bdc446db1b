/** Pictures and masks of two dates, stacked: left of the swipe line, right of it, change on top. */
import TileLayer from 'ol/layer/Tile'
import type { Grid } from './tiles'
import { Tiles, without } from './tiles'

export interface Side {
  image: TileLayer<Tiles>
  mask: TileLayer<Tiles>
}

export type MaskAddress = (z: number, x: number, y: number) => string

export function imageLayer(): TileLayer<Tiles> {
  return new TileLayer<Tiles>({ preload: 1 })
}

export function maskLayer(): TileLayer<Tiles> {
  return new TileLayer<Tiles>({ className: 'sv-mask' })
}

/** Show a visit's picture; its cells become crisp where one is larger than a screen pixel. */
export function showImage(layer: TileLayer<Tiles>, grid: Grid, tilesUrl: string, query: string, crisp: boolean): void {
  const source = new Tiles(grid, (z, x, y) => `${tilesUrl}/${z}/${x}/${y}.jpg?${query}`)
  source.crisp = crisp
  layer.setSource(source)
}

/** Show labels: never mixed, those of the hidden colours left out. */
export function showMask(layer: TileLayer<Tiles>, grid: Grid, address: MaskAddress, hidden: readonly string[]): void {
  const source = new Tiles(grid, address, without(hidden))
  source.crisp = true
  layer.setSource(source)
}
