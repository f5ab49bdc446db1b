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

/** How a mask's tiles are drawn. */
export interface MaskLook {
  /** Colours of the labels that are not drawn. */
  hidden: readonly string[]
  /** Edges of labels alone. */
  outline: boolean
}

/** What draws a mask tile so. */
export function drawnAs({ hidden, outline }: MaskLook): (image: HTMLImageElement) => HTMLImageElement | HTMLCanvasElement {
  if (hidden.length === 0 && !outline) return (image) => image
  const off = new Set(hidden.map(pixelOf))
  return (image) => {
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width: image.naturalWidth, height: image.naturalHeight })
    const pen = canvas.getContext('2d', { willReadFrequently: true })!
    pen.drawImage(image, 0, 0)
    const picture = pen.getImageData(0, 0, canvas.width, canvas.height)
    const pixels = new Uint32Array(picture.data.buffer)
    if (off.size > 0) for (let i = 0; i < pixels.length; i++) if (off.has(pixels[i]!)) pixels[i] = 0
    if (outline) pixels.set(edges(pixels, canvas.width))
    pen.putImageData(picture, 0, 0)
    return canvas
  }
}

/** Pixels with a neighbour of another colour; the tile's own border is none. */
export function edges(pixels: Uint32Array, width: number): Uint32Array {
  const kept = new Uint32Array(pixels.length)
  for (let at = 0; at < pixels.length; at++) {
    const color = pixels[at]!
    if (color === 0) continue
    const column = at % width
    const differs =
      (column > 0 && pixels[at - 1] !== color) ||
      (column < width - 1 && pixels[at + 1] !== color) ||
      (at >= width && pixels[at - width] !== color) ||
      (at + width < pixels.length && pixels[at + width] !== color)
    if (differs) kept[at] = color
  }
  return kept
}

/** `#RRGGBB` as an opaque pixel: RGBA bytes in one 32-bit number. */
export function pixelOf(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)) as [number, number, number]
  return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0
}
