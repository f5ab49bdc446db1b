/** The shape in the hand: a stroke or loop being pulled, or corners being clicked. */
import type { Live } from './live'
import type { Pixel } from './pixels'
import { distance, rounded, type Shape, type ShapeTool } from './shapes'

export interface Pen {
  tool: ShapeTool
  label: number
  /** In pixels of the scene; 0 where an area is drawn. */
  radius: number
  color: string
}

interface Drawn {
  pen: Pen
  points: Pixel[]
}

export class Drawing {
  private pulled: Drawn | null = null
  private clicked: Drawn | null = null

  constructor(private readonly live: Pick<Live, 'stroke' | 'outline' | 'clear'>) {}

  get hasCorners(): boolean {
    return this.clicked !== null
  }

  begin(pen: Pen, at: Pixel): void {
    this.pulled = { pen, points: [rounded(at)] }
    this.show(this.pulled)
  }

  /** Points closer than this, or a quarter of the radius, add nothing. */
  extend(at: Pixel, closest: number): void {
    if (!this.pulled) return
    const { pen, points } = this.pulled
    if (distance(at, points.at(-1)!) < Math.max(pen.radius / 4, closest, 0.25)) return
    points.push(rounded(at))
    this.show(this.pulled)
  }

  /** The stroke or loop, which stays in sight; null where a loop encloses nothing. */
  end(): Shape | null {
    const { pulled } = this
    this.pulled = null
    return pulled && shapeOf(pulled)
  }

  /** One more corner; true where it meets the first one, which closes the polygon. */
  corner(pen: Pen, at: Pixel, closest: number): boolean {
    this.clicked ??= { pen, points: [] }
    const { points } = this.clicked
    if (points.length > 2 && distance(at, points[0]!) < closest) return true
    if (points.length === 0 || distance(at, points.at(-1)!) >= closest) points.push(rounded(at))
    return false
  }

  dropCorner(): void {
    this.clicked?.points.pop()
    if (this.clicked?.points.length === 0) this.cancel()
  }

  pointTo(at: Pixel | null): void {
    if (!this.clicked) return
    const { pen, points } = this.clicked
    this.live.outline(at ? [...points, at] : points, pen.color)
  }

  /** The polygon of the corners, which stays in sight; null where they span no area. */
  close(): Shape | null {
    const { clicked } = this
    this.clicked = null
    return clicked && shapeOf(clicked)
  }

  /** Give the corners up; a stroke that is being pulled goes on. */
  cancel(): void {
    this.clicked = null
    if (!this.pulled) this.live.clear()
  }

  /** Give the stroke or loop up. */
  drop(): void {
    this.pulled = null
    this.live.clear()
  }

  private show({ pen, points }: Drawn): void {
    if (pen.radius > 0) this.live.stroke(points, pen.radius, pen.color)
    else this.live.outline(points, pen.color)
  }
}

/** One point makes a stroke, three span an area. */
function shapeOf({ pen, points }: Drawn): Shape | null {
  const { tool, label, radius } = pen
  return radius > 0 || points.length > 2 ? { tool, label, radius, points } : null
}
