/** What the hand draws: it lies over the map and follows the pointer without drawing the map again. */
import type Map from 'ol/Map'
import { h } from '../dom'
import { toCoordinate, type Pixel } from './pixels'

interface Line {
  points: readonly Pixel[]
  color: string
  /** In cells; 0 for an outline. */
  radius: number
}

export class Live {
  private readonly strokes = h('canvas', { class: 'sv-fill' })
  private readonly outlines = h('canvas', { class: 'sv-fill' })
  private readonly ring = h('i', { class: 'sv-ring', hidden: true })
  readonly root = h('div', { class: 'sv-fill sv-live' }, this.strokes, this.outlines, this.ring)
  private line: Line | null = null
  private area: Line | null = null
  private drawn = 0

  constructor(private readonly map: Map) {
    map.on('postrender', () => this.again())
  }

  /** Strokes are drawn as strongly as the mask, at the left of the swipe line alone. */
  look(opacity: number, part: number): void {
    this.strokes.style.opacity = String(opacity)
    this.strokes.style.clipPath = part < 1 ? `inset(0 ${100 * (1 - part)}% 0 0)` : ''
  }

  /** The stroke so far; what is drawn of it already stays. */
  stroke(points: readonly Pixel[], radius: number, color: string): void {
    if (this.line?.points !== points) {
      clear(this.strokes)
      this.drawn = 0
    }
    this.line = { points, radius, color }
    this.extend()
  }

  /** The polygon or loop so far; no points take it off. */
  outline(points: readonly Pixel[], color: string): void {
    clear(this.outlines)
    this.area = points.length > 0 ? { points, color, radius: 0 } : null
    const pen = this.area && prepared(this.outlines)
    if (!pen) return
    pen.beginPath()
    for (const point of points) pen.lineTo(...this.at(point))
    pen.closePath()
    pen.fillStyle = `${color}38`
    pen.fill()
    for (const [style, width] of [['rgb(0 0 0 / 60%)', 3.5], [color, 1.75]] as const) Object.assign(pen, { strokeStyle: style, lineWidth: width }).stroke()
  }

  /** The ring of the brush; null hides it. */
  point(at: Pixel | null, radius: number, color: string): void {
    this.ring.hidden = at === null
    if (!at) return
    const [x, y] = this.at(at)
    const pixels = radius / this.resolution
    Object.assign(this.ring.style, {
      width: `${2 * pixels}px`,
      height: `${2 * pixels}px`,
      borderColor: color,
      transform: `translate(${x - pixels}px, ${y - pixels}px)`,
    })
  }

  clear(): void {
    this.line = this.area = null
    clear(this.strokes)
    clear(this.outlines)
  }

  /** The map has moved under what is drawn. */
  private again(): void {
    if (this.line) {
      clear(this.strokes)
      this.drawn = 0
      this.extend()
    }
    if (this.area) this.outline(this.area.points, this.area.color)
  }

  private extend(): void {
    const pen = this.line && prepared(this.strokes)
    if (!pen || !this.line) return
    const { points, radius, color } = this.line
    pen.beginPath()
    pen.moveTo(...this.at(points[Math.max(this.drawn - 1, 0)]!))
    for (const point of points.slice(this.drawn)) pen.lineTo(...this.at(point))
    Object.assign(pen, { strokeStyle: color, lineWidth: Math.max((2 * radius) / this.resolution, 1), lineCap: 'round', lineJoin: 'round' }).stroke()
    this.drawn = points.length
  }

  private get resolution(): number {
    return this.map.getView().getResolution() ?? 1
  }

  private at(point: Pixel): [number, number] {
    return (this.map.getPixelFromCoordinate(toCoordinate(point)) as [number, number] | null) ?? [-1e4, -1e4]
  }
}

/** The pen of a canvas that is as large as it is shown, in CSS pixels. */
function prepared(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)]
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  const pen = canvas.getContext('2d')!
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  return pen
}

function clear(canvas: HTMLCanvasElement): void {
  const pen = canvas.getContext('2d')!
  pen.setTransform(1, 0, 0, 1, 0, 0)
  pen.clearRect(0, 0, canvas.width, canvas.height)
}
