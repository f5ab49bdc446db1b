/** Lines and letters over the three planes, drawn sharp on a canvas of their own. */
import {
  ACROSS, ALONG, AXIAL, along, PLANE_NAMES, sideLetter, toMm, toScreen, voxelPixels, type Plane, type PlaneView, type Vec3,
} from '../geometry' // prettier-ignore
import type { Picture } from './picture'
import type { Layer } from './slices'

/** Slicer's colours of the axial, coronal and sagittal plane. */
const COLORS = ['#f34a33', '#6eb04b', '#edd54c'] as const

/** Below so many pixels a plane is told by its place alone. */
const NARROW = 280

/** A polygon or lasso being drawn in one slice. */
export interface Outline {
  plane: Plane
  corners: readonly Vec3[]
  color: string
  /** Corners are marked. */
  marked: boolean
}

/** A diameter that is drawn on its axial slice. */
export interface Caliper {
  slice: number
  /** Continuous voxels. */
  from: Vec3
  to: Vec3
  text: string
}

export interface Cursor {
  view: PlaneView
  voxel: Vec3
  radiusMm: number
  color: string
}

export class Overlay {
  readonly canvas = document.createElement('canvas')
  cursor: Cursor | null = null
  /** Crosshair lines are fainter while a brush is in the hand. */
  quiet = false
  outline: Outline | null = null
  calipers: readonly Caliper[] = []
  /** Drawn over the planes, the first lowest. */
  layers: readonly Layer[] = []
  private font = ''
  /** The slice last drawn of each plane is kept: most frames only move a line. */
  private readonly slices = new WeakMap<Layer, Map<Plane, { index: number; canvas: HTMLCanvasElement }>>()

  constructor(private readonly picture: Picture) {
    this.canvas.className = 'sv-fill sv-layer'
    this.canvas.tabIndex = 0
    this.canvas.setAttribute('aria-label', 'Three planes of the scan')
  }

  draw(): void {
    const pen = this.prepared()
    if (!pen) return
    const crosshair = this.picture.crosshair
    const mm = toMm(crosshair, this.picture.affine)
    for (const view of this.picture.views) {
      pen.save()
      pen.beginPath()
      pen.rect(view.left, view.top, view.width, view.height)
      pen.clip()
      for (const layer of this.layers) this.lay(pen, view, layer)
      this.crosshair(pen, view, crosshair)
      pen.lineWidth = 1
      pen.strokeStyle = 'rgb(255 255 255 / 14%)'
      pen.strokeRect(view.left - 0.5, view.top - 0.5, view.width + 1, view.height + 1)
      letters(pen, view, this.font)
      caption(pen, view, along(ACROSS[view.plane], mm[ACROSS[view.plane]]), this.font)
      if (view.plane === AXIAL) measured(pen, view, onSlice(this.calipers, crosshair[2]), this.font)
      if (this.outline?.plane === view.plane) outlined(pen, view, this.outline, crosshair)
      if (this.cursor?.view.plane === view.plane) ring(pen, view, this.cursor, this.picture.spacing)
      pen.restore()
    }
  }

  private prepared(): CanvasRenderingContext2D | null {
    const { clientWidth: width, clientHeight: height } = this.canvas
    const pen = this.canvas.getContext('2d')
    if (!pen || width === 0) return null
    const ratio = window.devicePixelRatio
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)]
    if (this.canvas.width !== w || this.canvas.height !== h) Object.assign(this.canvas, { width: w, height: h })
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    pen.clearRect(0, 0, width, height)
    this.font ||= getComputedStyle(this.canvas).fontFamily
    return pen
  }

  /** The slice's own voxels, enlarged without mixing them. */
  private lay(pen: CanvasRenderingContext2D, view: PlaneView, layer: Layer): void {
    const { shape, crosshair } = this.picture
    const [u, v] = ALONG[view.plane]
    const [left, top] = toScreen(view, [-0.5, -0.5, -0.5])
    const [right, bottom] = toScreen(view, [shape[0] - 0.5, shape[1] - 0.5, shape[2] - 0.5])
    pen.save()
    pen.imageSmoothingEnabled = false
    pen.translate(left, top)
    pen.scale((right - left) / shape[u], (bottom - top) / shape[v])
    pen.drawImage(this.slice(layer, view.plane, crosshair[ACROSS[view.plane]]), 0, 0)
    pen.restore()
  }

  private slice(layer: Layer, plane: Plane, index: number): HTMLCanvasElement {
    const planes = this.slices.get(layer) ?? new Map<Plane, { index: number; canvas: HTMLCanvasElement }>()
    const there = planes.get(plane)
    if (there?.index === index) return there.canvas
    const { shape } = this.picture
    const [u, v] = ALONG[plane]
    const canvas = there?.canvas ?? Object.assign(document.createElement('canvas'), { width: shape[u], height: shape[v] })
    const image = new ImageData(new Uint8ClampedArray(layer.slice(plane, index).buffer), shape[u], shape[v])
    canvas.getContext('2d')?.putImageData(image, 0, 0)
    this.slices.set(layer, planes.set(plane, { index, canvas }))
    return canvas
  }

  private crosshair(pen: CanvasRenderingContext2D, view: PlaneView, voxel: Vec3): void {
    const [x, y] = toScreen(view, voxel).map((at) => Math.round(at) + 0.5) as [number, number]
    const [u, v] = ALONG[view.plane]
    const gap = 9
    pen.globalAlpha = this.quiet ? 0.28 : 0.8
    pen.lineWidth = 1
    pen.strokeStyle = COLORS[ACROSS.indexOf(u)]!
    line(pen, x, view.top, x, y - gap)
    line(pen, x, y + gap, x, view.top + view.height)
    pen.strokeStyle = COLORS[ACROSS.indexOf(v)]!
    line(pen, view.left, y, x - gap, y)
    line(pen, x + gap, y, view.left + view.width, y)
    pen.globalAlpha = 1
  }
}

function line(pen: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  pen.beginPath()
  pen.moveTo(x0, y0)
  pen.lineTo(x1, y1)
  pen.stroke()
}

function text(pen: CanvasRenderingContext2D, words: string, x: number, y: number, color: string): void {
  pen.lineWidth = 3
  pen.strokeStyle = 'rgb(0 0 0 / 75%)'
  pen.lineJoin = 'round'
  pen.strokeText(words, x, y)
  pen.fillStyle = color
  pen.fillText(words, x, y)
}

/** Which side of the patient is at each edge, from the order of the voxels on the screen. */
function letters(pen: CanvasRenderingContext2D, view: PlaneView, font: string): void {
  const [u, v] = ALONG[view.plane]
  const toRight = view.across[1] > view.across[0]
  const downwards = view.down[1] > view.down[0]
  const { left, top, width, height } = view
  pen.font = `600 14px ${font}`
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  const color = '#e9ecef'
  text(pen, sideLetter(u, !toRight), left + 13, top + height / 2, color)
  text(pen, sideLetter(u, toRight), left + width - 13, top + height / 2, color)
  text(pen, sideLetter(v, !downwards), left + width / 2, top + 14, color)
  text(pen, sideLetter(v, downwards), left + width / 2, top + height - 13, color)
}

function caption(pen: CanvasRenderingContext2D, view: PlaneView, place: string, font: string): void {
  pen.fillStyle = COLORS[view.plane]
  pen.fillRect(view.left + 9, view.top + 8, 3, 12)
  pen.font = `13px ${font}`
  pen.textAlign = 'left'
  pen.textBaseline = 'middle'
  const words = view.width < NARROW ? place : `${PLANE_NAMES[view.plane]}  ${place}`
  text(pen, words, view.left + 18, view.top + 14, '#d5d9de')
}

export function onSlice(calipers: readonly Caliper[], slice: number): readonly Caliper[] {
  return calipers.filter((caliper) => caliper.slice === slice)
}

/** Diameters as lines with a bar at each end, and their lengths beyond the end that is further right. */
function measured(pen: CanvasRenderingContext2D, view: PlaneView, calipers: readonly Caliper[], font: string): void {
  for (const { from, to, text: words } of calipers) {
    const ends = [toScreen(view, from), toScreen(view, to)].sort((a, b) => a[0] - b[0]) as [[number, number], [number, number]]
    const [[x0, y0], [x1, y1]] = ends
    const length = Math.hypot(x1 - x0, y1 - y0) || 1
    const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length]
    for (const [width, color] of [[3.5, 'rgb(0 0 0 / 65%)'], [1.5, '#fff']] as const) {
      pen.lineWidth = width
      pen.strokeStyle = color
      line(pen, x0, y0, x1, y1)
      for (const [x, y] of ends) line(pen, x - 5 * dy, y + 5 * dx, x + 5 * dy, y - 5 * dx)
    }
    pen.font = `600 13px ${font}`
    pen.textAlign = 'left'
    pen.textBaseline = 'middle'
    text(pen, words, x1 + 8, y1 + (dy > 0.7 ? 10 : dy < -0.7 ? -10 : 0), '#fff')
  }
}

function ring(pen: CanvasRenderingContext2D, view: PlaneView, cursor: Cursor, spacing: Vec3): void {
  const [x, y] = toScreen(view, cursor.voxel)
  const [u, v] = ALONG[view.plane]
  const [perU, perV] = voxelPixels(view)
  const rx = Math.max((cursor.radiusMm / spacing[u]) * perU, perU / 2, 2)
  const ry = Math.max((cursor.radiusMm / spacing[v]) * perV, perV / 2, 2)
  pen.beginPath()
  pen.ellipse(x, y, rx, ry, 0, 0, 2 * Math.PI)
  pen.lineWidth = 3
  pen.strokeStyle = 'rgb(0 0 0 / 55%)'
  pen.stroke()
  pen.lineWidth = 1.5
  pen.strokeStyle = cursor.color
  pen.stroke()
}

/** In the slice that it was begun in alone. */
function outlined(pen: CanvasRenderingContext2D, view: PlaneView, { corners, color, marked }: Outline, crosshair: Vec3): void {
  const across = ACROSS[view.plane]
  if (corners.length === 0 || Math.round(corners[0]![across]) !== crosshair[across]) return
  const points = corners.map((corner) => toScreen(view, corner))
  pen.beginPath()
  for (const [x, y] of points) pen.lineTo(x, y)
  pen.closePath()
  pen.globalAlpha = 0.25
  pen.fillStyle = color
  pen.fill('evenodd')
  pen.globalAlpha = 1
  pen.lineWidth = 3
  pen.strokeStyle = 'rgb(0 0 0 / 55%)'
  pen.stroke()
  pen.lineWidth = 1.5
  pen.strokeStyle = color
  pen.stroke()
  if (!marked) return
  for (const [x, y] of points.slice(0, -1)) {
    pen.fillStyle = '#fff'
    pen.fillRect(x - 2.5, y - 2.5, 5, 5)
  }
}
