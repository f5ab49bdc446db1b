/** Tile sources on the pixel grid, with a memory of the pictures that were shown. */
import type { LoaderOptions } from 'ol/source/DataTile'
import ImageTileSource from 'ol/source/ImageTile'
import type Projection from 'ol/proj/Projection'
import type TileGrid from 'ol/tilegrid/TileGrid'

export interface Grid {
  projection: Projection
  tileGrid: TileGrid
}

type Address = (z: number, x: number, y: number) => string

const REMEMBERED = 240

/** A source whose addresses change in place: old tiles stay until the new ones are there. */
export class Tiles extends ImageTileSource {
  /** Crisp cells, as when zoomed in beyond the scene's own resolution. */
  crisp = false

  constructor(grid: Grid, address: Address, draw: (image: HTMLImageElement) => HTMLImageElement | HTMLCanvasElement = (image) => image) {
    const load = async (z: number, x: number, y: number, options: LoaderOptions) =>
      draw(await remembered(address(z, x, y), options.signal))
    super({ ...grid, loader: load, transition: 0, wrapX: false, interpolate: true })
  }

  /** Ask for the addresses again; what is remembered comes at once. */
  rekey(key: string): void {
    this.setKey(key)
  }

  override getInterpolate(): boolean {
    return !this.crisp
  }
}

const memory = new Map<string, HTMLImageElement>()

/** Only pictures that arrived are remembered: one that is given up must not fail for its next asker. */
async function remembered(address: string, signal: AbortSignal): Promise<HTMLImageElement> {
  const image = memory.get(address) ?? (await loaded(address, signal))
  memory.delete(address)
  memory.set(address, image)
  for (const oldest of memory.keys()) {
    if (memory.size <= REMEMBERED) break
    memory.delete(oldest)
  }
  return image
}

function loaded(address: string, signal: AbortSignal): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image()
    signal.addEventListener('abort', () => {
      image.src = ''
      reject(signal.reason)
    })
    image.onload = () => resolve(image)
    image.onerror = () => reject(new Error('the tile could not be loaded'))
    image.src = address
  })
}

/** A mask tile without the labels that have these colours. */
export function without(colors: readonly string[]): (image: HTMLImageElement) => HTMLImageElement | HTMLCanvasElement {
  if (colors.length === 0) return (image) => image
  const hidden = new Set(colors.map((color) => parseInt(color.slice(1), 16)))
  return (image) => {
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width: image.naturalWidth, height: image.naturalHeight })
    const pen = canvas.getContext('2d', { willReadFrequently: true })!
    pen.drawImage(image, 0, 0)
    const picture = pen.getImageData(0, 0, canvas.width, canvas.height)
    const { data } = picture
    for (let i = 0; i < data.length; i += 4) {
      if (hidden.has((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!)) data[i + 3] = 0
    }
    pen.putImageData(picture, 0, 0)
    return canvas
  }
}
