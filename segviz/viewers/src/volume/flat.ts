/** The three planes on a plain canvas, for browsers without WebGL 2 and graphics cards that went away. */
import type { Label } from '../api'
import { ACROSS, ALONG, AXIAL, SAGITTAL, flatIndex, toScreen, type Plane, type PlaneView, type Vec3 } from '../geometry'
import { layout, type Tile } from './layout'
import { measured, parse, type Scan } from './nifti'
import { CLOSEST, rimOpacity, SPARE, type Picture } from './picture'
import { windowed, type Window } from './windows'

const NOTHING: Scan = { shape: [1, 1, 1], spacing: [1, 1, 1], affine: [], raw: new Uint8Array(1), slope: 1, inter: 0 }

/** One slice of a plane as it was drawn last; `index` is null where it has changed since. */
interface Slice {
  index: number | null
  canvas: HTMLCanvasElement
}

export class FlatPicture implements Picture {
  readonly canvas = document.createElement('canvas')
  scan = NOTHING
  mask: Uint8Array = new Uint8Array(0)
  single: Plane | null = null
  onDraw: () => void = () => undefined
  private readonly observer = new ResizeObserver(() => this.resize())
  private readonly grey = new Map<Plane, Slice>()
  private readonly labels = new Map<Plane, Slice>()
  private shown: Window = [0, 1]
  private flipped = true
  private at: Vec3 = [0, 0, 0]
  private colors = new Uint32Array(256)
  private opacity = 1
  private outline = false
  /** The point in the middle of every plane, in continuous voxels. */
  private middle: Vec3 = [0, 0, 0]
  private scale = SPARE
  private waiting = false
  views: PlaneView[] = []

  constructor(private readonly host: HTMLElement) {
    this.canvas.className = 'sv-fill'
    host.prepend(this.canvas)
  }

  async open(file: ArrayBuffer, windowOf: (values: ArrayLike<number>) => Window): Promise<void> {
    const scan = parse(file)
    const { raw, slope, inter, shape } = scan
    this.shown = windowOf(measured(raw, slope, inter))
    this.mask = new Uint8Array(raw.length)
    this.at = shape.map((size) => Math.floor(size / 2)) as Vec3
    this.begin(scan)
    this.fit()
  }

  /** Go on where another picture stopped: the same mask, place, window and zoom. */
  take(other: Picture): void {
    this.mask = other.mask
    this.single = other.single
    this.shown = other.window
    this.flipped = other.radiological
    this.at = other.crosshair
    this.scale = other.zoom
    this.middle = middleOf(other.scan.shape)
    for (const { plane, across, down } of other.views) {
      const [u, v] = ALONG[plane]
      this.middle[u] = (across[0] + across[1]) / 2
      this.middle[v] = (down[0] + down[1]) / 2
    }
    this.begin(other.scan)
  }

  get shape(): Vec3 {
    return this.scan.shape
  }

  get spacing(): Vec3 {
    return this.scan.spacing
  }

  get affine(): number[][] {
    return this.scan.affine
  }

  get zoom(): number {
    return this.scale
  }

  get window(): Window {
    return this.shown
  }

  set window(window: Window) {
    this.shown = window
    stale(this.grey)
    this.draw()
  }

  get radiological(): boolean {
    return this.flipped
  }

  set radiological(on: boolean) {
    this.flipped = on
    this.place()
  }

  get crosshair(): Vec3 {
    return [...this.at]
  }

  set crosshair(voxel: Vec3) {
    this.at = [...voxel]
    this.draw()
  }

  valueAt(voxel: Vec3): number {
    const { raw, slope, inter, shape } = this.scan
    return slope * raw[flatIndex(voxel, shape)]! + inter
  }

  zoomAt(point: Vec3, zoom: number): void {
    const next = Math.min(Math.max(zoom, SPARE), CLOSEST)
    this.middle = this.middle.map((at, axis) => point[axis]! + ((at - point[axis]!) * this.scale) / next) as Vec3
    this.scale = next
    this.place()
  }

  pan(from: Vec3, to: Vec3): void {
    this.middle = this.middle.map((at, axis) => at + from[axis]! - to[axis]!) as Vec3
    this.place()
  }

  fit(): void {
    this.middle = middleOf(this.shape)
    this.scale = SPARE
    this.place()
  }

  show(single: Plane | null): void {
    this.single = single
    this.place()
  }

  paintWith(labels: readonly Label[], hidden: ReadonlySet<number>): void {
    this.colors = new Uint32Array(256)
    for (const { value, color } of labels) if (!hidden.has(value)) this.colors[value] = abgr(color)
    stale(this.labels)
    this.draw()
  }

  maskLook(opacity: number, outline: boolean): void {
    this.opacity = opacity
    this.outline = outline
    stale(this.labels)
    this.draw()
  }

  refreshMask(from = 0, to = this.shape[2] - 1): void {
    for (const [plane, slice] of this.labels) {
      const spared = plane === AXIAL && slice.index !== null && (slice.index < from || slice.index > to)
      if (!spared) slice.index = null
    }
    this.draw()
  }

  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.host
    if (this.scan === NOTHING || width === 0 || height === 0) return
    const ratio = window.devicePixelRatio
    Object.assign(this.canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) })
    this.place()
  }

  /** At the next frame, however often it is asked for until then. */
  draw(): void {
    if (this.waiting) return
    this.waiting = true
    requestAnimationFrame(() => {
      this.waiting = false
      this.drawNow()
    })
    this.onDraw()
  }

  destroy(): void {
    this.observer.disconnect()
    this.canvas.remove()
  }

  private begin(scan: Scan): void {
    this.scan = scan
    this.observer.observe(this.host)
    this.resize()
  }

  private place(): void {
    const { clientWidth: width, clientHeight: height } = this.host
    const { shape, spacing } = this
    const extent = shape.map((size, axis) => size * spacing[axis]!) as Vec3
    const tiles = layout(width, height, extent, this.single)
    this.views = tiles.map((tile) => viewOf(tile, [width, height], this.scan, this.middle, this.scale, this.flipped))
    this.draw()
  }

  private drawNow(): void {
    const pen = this.canvas.getContext('2d', { alpha: false })
    if (!pen || this.scan === NOTHING) return
    const ratio = window.devicePixelRatio
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    pen.fillRect(0, 0, this.canvas.width, this.canvas.height)
    for (const view of this.views) this.drawView(pen, view)
  }

  private drawView(pen: CanvasRenderingContext2D, view: PlaneView): void {
    const { shape } = this
    const [u, v] = ALONG[view.plane]
    const [left, top] = toScreen(view, [-0.5, -0.5, -0.5])
    const [right, bottom] = toScreen(view, shape.map((size) => size - 0.5) as Vec3)
    pen.save()
    pen.beginPath()
    pen.rect(view.left, view.top, view.width, view.height)
    pen.clip()
    pen.translate(left, top)
    pen.scale((right - left) / shape[u], (bottom - top) / shape[v])
    pen.drawImage(this.greyOf(view.plane), 0, 0)
    pen.imageSmoothingEnabled = false
    if (this.opacity > 0) pen.drawImage(this.labelsOf(view.plane), 0, 0)
    pen.restore()
  }

  private greyOf(plane: Plane): HTMLCanvasElement {
    const { raw, slope, inter, shape } = this.scan
    const [low, high] = this.shown
    const window: Window = [(low - inter) / slope, (high - inter) / slope]
    return this.kept(this.grey, plane, (index, levels) => windowed(sliceOf(raw, shape, plane, index), window, levels))
  }

  private labelsOf(plane: Plane): HTMLCanvasElement {
    const [u, v] = ALONG[plane]
    const { mask, shape, colors, opacity, outline } = this
    const alphas = [outline ? 0 : opacity, rimOpacity(opacity)] as const
    return this.kept(this.labels, plane, (index, pixels) =>
      coloured(sliceOf(mask, shape, plane, index), [shape[u], shape[v]], colors, alphas, pixels),
    )
  }

  private kept(slices: Map<Plane, Slice>, plane: Plane, fill: (index: number, pixels: Uint32Array) => void): HTMLCanvasElement {
    const index = this.at[ACROSS[plane]]
    const there = slices.get(plane)
    if (there?.index === index) return there.canvas
    const [width, height] = ALONG[plane].map((axis) => this.shape[axis]) as [number, number]
    const canvas = there?.canvas ?? Object.assign(document.createElement('canvas'), { width, height })
    const image = new ImageData(width, height)
    fill(index, new Uint32Array(image.data.buffer))
    canvas.getContext('2d')!.putImageData(image, 0, 0)
    slices.set(plane, { index, canvas })
    return canvas
  }
}

/** One slice of a volume, rows along the plane's second axis. */
export function sliceOf<Cells extends Scan['raw']>(cells: Cells, shape: Vec3, plane: Plane, index: number): Cells {
  const size = shape[0] * shape[1]
  if (plane === AXIAL) return cells.subarray(index * size, (index + 1) * size) as Cells
  const step: Vec3 = [1, shape[0], size]
  const [u, v] = ALONG[plane]
  const slice = new (cells.constructor as new (length: number) => Cells)(shape[u] * shape[v])
  let at = 0
  for (let row = 0; row < shape[v]; row++) {
    let cell = index * step[ACROSS[plane]] + row * step[v]
    for (let column = 0; column < shape[u]; column++, cell += step[u]) slice[at++] = cells[cell]!
  }
  return slice
}

/**
 * A slice of labels in their colours; a cell beside another label or the edge is part of the rim.
 *
 * `colors` and `pixels` are RGBA bytes as 32-bit numbers; `alphas` are the opacities inside and of the rim.
 */
export function coloured(
  labels: Uint8Array,
  [width, height]: readonly [number, number],
  colors: Uint32Array,
  alphas: readonly [inside: number, rim: number],
  pixels: Uint32Array,
): void {
  const [inside, rim] = alphas.map((alpha) => (Math.round(alpha * 255) << 24) >>> 0) as [number, number]
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at++) {
      const label = labels[at]!
      const color = colors[label]!
      if (label === 0 || color === 0) continue
      const within =
        column > 0 && labels[at - 1] === label && column < width - 1 && labels[at + 1] === label &&
        row > 0 && labels[at - width] === label && row < height - 1 && labels[at + width] === label // prettier-ignore
      pixels[at] = ((color & 0xffffff) | (within ? inside : rim)) >>> 0
    }
  }
}

/** Where a plane stands in the window and which voxels are at its edges. */
export function viewOf(
  { sliceType: plane, position }: Tile,
  [windowWidth, windowHeight]: readonly [number, number],
  { shape, spacing }: Pick<Scan, 'shape' | 'spacing'>,
  middle: Vec3,
  zoom: number,
  radiological: boolean,
): PlaneView {
  const [left, top, width, height] = position.map((part, at) => part * (at % 2 === 0 ? windowWidth : windowHeight)) as [number, number, number, number]
  const [u, v] = ALONG[plane]
  const mmPerPixel = Math.max((shape[u] * spacing[u]) / width, (shape[v] * spacing[v]) / height) / zoom
  const [halfU, halfV] = [(width * mmPerPixel) / spacing[u] / 2, (height * mmPerPixel) / spacing[v] / 2]
  const toRight = plane !== SAGITTAL && !radiological ? 1 : -1
  return {
    plane,
    left,
    top,
    width,
    height,
    across: [middle[u] - toRight * halfU, middle[u] + toRight * halfU],
    down: [middle[v] + halfV, middle[v] - halfV],
  }
}

function stale(slices: ReadonlyMap<Plane, Slice>): void {
  for (const slice of slices.values()) slice.index = null
}

function middleOf(shape: Vec3): Vec3 {
  return shape.map((size) => size / 2 - 0.5) as Vec3
}

/** `#RRGGBB` as opaque RGBA bytes in one 32-bit number. */
function abgr(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)) as [number, number, number]
  return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0
}
