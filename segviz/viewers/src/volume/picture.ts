/** NiiVue as a picture of three planes with a mask; segviz does its own pointing and painting. */
import { Niivue, NVImage, SHOW_RENDER } from '@niivue/niivue'
import type { Label } from '../api'
import { ALONG, type Plane, type PlaneView, type Vec3 } from '../geometry'
import { layout } from './layout'
import { measured, scalingOf, type Scan } from './nifti'
import { windowed, type Values, type Window } from './windows'

/** NiiVue with two things done differently: planes fill their tile, and the processor windows. */
class Planes extends Niivue {
  /**
   * NiiVue windows on the graphics card, slice by slice, and derives gradients for a 3-D picture that
   * is never shown; without a real card each time takes ten seconds. Its passes are left out here and
   * the texture is filled by `windowed`, which takes a tenth of a second anywhere.
   */
  override refreshLayers(volume: NVImage, layer: number): void {
    const { gl } = this
    gl.drawArrays = () => undefined
    super.refreshLayers(volume, layer)
    delete (gl as Partial<typeof gl>).drawArrays
    this.gradientTexture = this.rgbaTex(this.gradientTexture, gl.TEXTURE6, [2, 2, 2, 2], true)
    this.fill(volume)
  }

  /** Send the values to the graphics card as grey levels of the present window. */
  fill(volume: NVImage): void {
    const { gl } = this
    const [, columns = 1, rows = 1, slices = 1] = volume.dimsRAS!
    gl.activeTexture(gl.TEXTURE0)
    gl.bindTexture(gl.TEXTURE_3D, this.volumeTexture)
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1)
    const at = (z: number, depth: number, levels: Uint8Array) =>
      gl.texSubImage3D(gl.TEXTURE_3D, 0, 0, 0, z, columns, rows, depth, gl.RGBA, gl.UNSIGNED_BYTE, levels)
    const slice = columns * rows
    const depth = Math.max(1, Math.min(slices, Math.floor(SLAB_VOXELS / slice)))
    const levels = new Uint32Array(slice * depth)
    const window = rawWindow(volume)
    for (let z = 0; z < slices; z += depth) {
      const count = Math.min(depth, slices - z)
      windowed((volume.img as Values).subarray(z * slice, (z + count) * slice), window, levels)
      at(z, count, new Uint8Array(levels.buffer, 0, count * slice * 4))
    }
  }

  /** NiiVue would letterbox each plane in its tile, also when it is zoomed in. */
  override calculateWidthHeight(_plane: number, _scale: number[], width: number, height: number): [number, number] {
    return [width, height]
  }

  override screenFieldOfViewExtendedVox(plane = 0): ReturnType<Niivue['screenFieldOfViewExtendedVox']> {
    const view = super.screenFieldOfViewExtendedVox(plane)
    const tile = this.customLayout?.find((tile) => tile.sliceType === plane)
    if (!tile) return view
    const width = tile.position[2] * this.gl.canvas.width
    const height = tile.position[3] * this.gl.canvas.height
    const mmPerPixel = Math.max(view.fovMM[0]! / width, view.fovMM[1]! / height)
    for (const [axis, pixels] of [width, height].entries()) {
      const middle = (view.mnMM[axis]! + view.mxMM[axis]!) / 2
      const half = (mmPerPixel * pixels) / 2
      view.mnMM[axis] = middle - half
      view.mxMM[axis] = middle + half
      view.fovMM[axis] = 2 * half
    }
    return view
  }
}

/** Voxels sent to the graphics card at once. */
const SLAB_VOXELS = 2 ** 21

/** How much of its tile a plane fills at first. */
export const SPARE = 0.93
export const CLOSEST = 24

/** Three planes of a volume with a mask over them. */
export interface Picture {
  readonly canvas: HTMLCanvasElement
  readonly shape: Vec3
  readonly spacing: Vec3
  readonly affine: number[][]
  /** Labels, x fastest; what the server's mask is after every acknowledged edit. */
  readonly mask: Uint8Array
  /** The plane that is shown alone, if one is. */
  readonly single: Plane | null
  onDraw: () => void
  window: Window
  /** The patient's right at the left of the screen. */
  radiological: boolean
  /** The voxel under the crosshair. */
  crosshair: Vec3
  /** Planes as they were drawn last. */
  readonly views: PlaneView[]
  readonly zoom: number
  /** The file's own numbers, with what turns them into measured values. */
  readonly scan: Scan
  /** Show a canonical NIfTI file; `windowOf` says from its values how, before the first picture. */
  open(file: ArrayBuffer, windowOf: (values: ArrayLike<number>) => Window): Promise<void>
  valueAt(voxel: Vec3): number
  /** Zoom while this point, in continuous voxels, stays where it is on the screen. */
  zoomAt(point: Vec3, zoom: number): void
  /** Move the picture so that what lay at `from` comes to lie at `to`. */
  pan(from: Vec3, to: Vec3): void
  fit(): void
  show(single: Plane | null): void
  /** Colours of the labels; those in `hidden` are not drawn. */
  paintWith(labels: readonly Label[], hidden: ReadonlySet<number>): void
  /** How strongly the mask is filled; its rim is drawn stronger, alone where `outline`. */
  maskLook(opacity: number, outline: boolean): void
  /** Slices z from, to (inclusive) of the mask have changed. */
  refreshMask(from?: number, to?: number): void
  resize(): void
  draw(): void
  destroy(): void
}

/** Drawn by the graphics card. */
export class CardPicture implements Picture {
  shape: Vec3 = [1, 1, 1]
  spacing: Vec3 = [1, 1, 1]
  affine: number[][] = []
  mask: Uint8Array = new Uint8Array(0)
  single: Plane | null = null
  onDraw: () => void = () => undefined
  onLost: () => void = () => undefined
  private readonly nv = new Planes({
    interactive: false,
    dragAndDropEnabled: false,
    multiplanarShowRender: SHOW_RENDER.NEVER,
    isRadiologicalConvention: true,
    sagittalNoseLeft: true,
    isOrientationTextVisible: false,
    isColorbar: false,
    crosshairWidth: 0,
    backColor: [0, 0, 0, 1],
    loadingText: '',
    maxDrawUndoBitmaps: 1,
    logLevel: 'error',
  })
  readonly canvas = document.createElement('canvas')
  private readonly observer = new ResizeObserver(() => this.resize())
  private laidOut = ''
  private opened = false

  constructor(private readonly host: HTMLElement) {
    this.canvas.className = 'sv-fill'
    this.canvas.addEventListener('webglcontextlost', () => this.onLost())
    host.prepend(this.canvas)
  }

  static isPossible(): boolean {
    return document.createElement('canvas').getContext('webgl2') !== null
  }

  get isLost(): boolean {
    return this.canvas.getContext('webgl2')?.isContextLost() ?? true
  }

  async open(file: ArrayBuffer, windowOf: (values: ArrayLike<number>) => Window): Promise<void> {
    await this.nv.attachToCanvas(this.canvas, false)
    const volume = await NVImage.loadFromUrl({ url: 'volume.nii', name: 'volume.nii', buffer: file, colormap: 'gray' })
    const most = this.nv.gl.getParameter(this.nv.gl.MAX_3D_TEXTURE_SIZE) as number
    if (Math.max(...volume.dimsRAS!.slice(1, 4)) > most) {
      throw new Error(`This scan has more than ${most} voxels along one side, which this graphics card cannot show.`)
    }
    ;[volume.cal_min, volume.cal_max] = windowOf(measured(volume.img as Values, ...scaling(volume)))
    this.shape = volume.dimsRAS!.slice(1, 4) as Vec3
    this.spacing = volume.pixDimsRAS!.slice(1, 4) as Vec3
    this.affine = volume.hdr!.affine
    this.nv.addVolume(volume)
    this.nv.createEmptyDrawing()
    this.mask = this.nv.drawBitmap!
    this.opened = true
    this.observer.observe(this.host)
    this.resize()
    this.fit()
  }

  get scan(): Scan {
    const volume = this.nv.volumes[0]!
    const [slope, inter] = scaling(volume)
    const { shape, spacing, affine } = this
    return { shape, spacing, affine, raw: volume.img as Values, slope, inter }
  }

  valueAt(voxel: Vec3): number {
    return this.nv.volumes[0]!.getValue(...voxel)
  }

  get window(): Window {
    const { cal_min: low = 0, cal_max: high = 1 } = this.nv.volumes[0]!
    return [low, high]
  }

  set window([low, high]: Window) {
    const volume = this.nv.volumes[0]!
    volume.cal_min = low
    volume.cal_max = high
    this.nv.fill(volume)
    this.draw()
  }

  get radiological(): boolean {
    return this.nv.opts.isRadiologicalConvention
  }

  set radiological(on: boolean) {
    this.nv.opts.isRadiologicalConvention = on
    this.draw()
  }

  get crosshair(): Vec3 {
    const frac = this.nv.scene.crosshairPos
    return this.shape.map((size, axis) => Math.min(Math.floor(frac[axis]! * size), size - 1)) as Vec3
  }

  set crosshair(voxel: Vec3) {
    this.nv.scene.crosshairPos = this.shape.map((size, axis) => (voxel[axis]! + 0.5) / size) as Vec3
    this.draw()
  }

  get views(): PlaneView[] {
    return this.nv.screenSlices.map((_, index) => this.view(index))
  }

  private view(index: number): PlaneView {
    const { axCorSag, leftTopWidthHeight } = this.nv.screenSlices[index]!
    const plane = axCorSag as Plane
    const [left, top, width, height] = leftTopWidthHeight as [number, number, number, number]
    const [u, v] = ALONG[plane]
    const at = (x: number, y: number) => this.nv.screenXY2TextureFrac(left + x * width, top + y * height, index, false)
    const [first, second] = [at(0.25, 0.25), at(0.75, 0.75)]
    const edges = (axis: 0 | 1 | 2): [number, number] => {
      const [a, b] = [first[axis]! * this.shape[axis] - 0.5, second[axis]! * this.shape[axis] - 0.5]
      return [a - (b - a) / 2, b + (b - a) / 2]
    }
    const dpr = this.dpr
    return { plane, left: left / dpr, top: top / dpr, width: width / dpr, height: height / dpr, across: edges(u), down: edges(v) }
  }

  get zoom(): number {
    return this.nv.scene.pan2Dxyzmm[3]!
  }

  zoomAt(point: Vec3, zoom: number): void {
    const pan = this.nv.scene.pan2Dxyzmm
    const next = Math.min(Math.max(zoom, SPARE), CLOSEST)
    const mm = this.orthogonalMm(point)
    this.nv.scene.pan2Dxyzmm = [0, 1, 2, 3].map((i) => (i < 3 ? pan[i]! + mm[i]! * (pan[3]! - next) : next)) as never
    this.draw()
  }

  pan(from: Vec3, to: Vec3): void {
    const pan = this.nv.scene.pan2Dxyzmm
    const [a, b] = [this.orthogonalMm(from), this.orthogonalMm(to)]
    this.nv.scene.pan2Dxyzmm = [0, 1, 2, 3].map((i) => (i < 3 ? pan[i]! + (b[i]! - a[i]!) * pan[3]! : pan[3]!)) as never
    this.draw()
  }

  fit(): void {
    const middle = this.orthogonalMm(this.shape.map((size) => size / 2 - 0.5) as Vec3)
    this.nv.scene.pan2Dxyzmm = [...middle.map((mm) => mm * (1 - SPARE)), SPARE] as never
    this.draw()
  }

  show(single: Plane | null): void {
    this.single = single
    this.resize()
  }

  paintWith(labels: readonly Label[], hidden: ReadonlySet<number>): void {
    const lut = new Uint8ClampedArray(256 * 4)
    for (const { value, color } of labels) {
      const rgb = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))
      lut.set([...rgb, hidden.has(value) ? 0 : 255], value * 4)
    }
    if (lut.every((level, at) => level === this.nv.drawLut?.lut[at])) return
    this.nv.drawLut = { lut, labels: [] }
    this.nv.refreshColormaps()
    this.draw()
  }

  maskLook(opacity: number, outline: boolean): void {
    const fill = outline ? Math.min(opacity, 0.004) : opacity
    const rim = opacity === 0 ? -1 : rimOpacity(opacity)
    if (fill === this.nv.drawOpacity && rim === this.nv.drawRimOpacity) return
    this.nv.drawOpacity = fill
    this.nv.drawRimOpacity = rim
    this.draw()
  }

  /** Send changed slices (z from, to; inclusive) of the mask to the graphics card. */
  refreshMask(from = 0, to = this.shape[2] - 1): void {
    const gl = this.nv.gl
    const slice = this.shape[0] * this.shape[1]
    gl.activeTexture(gl.TEXTURE7)
    gl.bindTexture(gl.TEXTURE_3D, this.nv.drawTexture)
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1)
    gl.texSubImage3D(
      gl.TEXTURE_3D, 0, 0, 0, from, this.shape[0], this.shape[1], to - from + 1,
      gl.RED, gl.UNSIGNED_BYTE, this.mask.subarray(from * slice, (to + 1) * slice),
    ) // prettier-ignore
    this.draw()
  }

  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.host
    if (!this.opened || width === 0 || height === 0) return
    const size = [width, height, window.devicePixelRatio, this.single].join()
    if (size === this.laidOut) return
    this.laidOut = size
    const extent = this.shape.map((size, axis) => size * this.spacing[axis]!) as Vec3
    this.nv.customLayout = layout(width, height, extent, this.single)
    this.nv.resizeListener()
    this.onDraw()
  }

  draw(): void {
    this.nv.drawScene()
    this.onDraw()
  }

  destroy(): void {
    this.observer.disconnect()
    this.nv.cleanup()
    this.canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context')?.loseContext()
  }

  private get dpr(): number {
    return this.canvas.width / Math.max(this.host.clientWidth, 1)
  }

  private orthogonalMm(voxel: Vec3): Vec3 {
    const mm = this.nv.frac2mm(voxel.map((v, axis) => (v + 0.5) / this.shape[axis]!) as Vec3)
    return [mm[0]!, mm[1]!, mm[2]!]
  }
}

export function rimOpacity(opacity: number): number {
  return Math.min(1, opacity * 0.6 + 0.4)
}

/** The window in the numbers of the file, before its slope and intercept. */
function rawWindow(volume: NVImage): Window {
  const { cal_min: low = 0, cal_max: high = 1 } = volume
  const [slope, inter] = scaling(volume)
  return [(low - inter) / slope, (high - inter) / slope]
}

function scaling(volume: NVImage): [slope: number, inter: number] {
  return scalingOf(volume.hdr!.scl_slope, volume.hdr!.scl_inter)
}
