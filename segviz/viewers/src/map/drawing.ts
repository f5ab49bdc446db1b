/** The shape in the hand: a stroke or loop being pulled, or corners being clicked. */
import type { Pixel } from './pixels'
import { distance, rounded, type Shape, type ShapeTool } from './shapes'
import type { Sketch } from './sketch'

export interface Pen {
  tool: ShapeTool
  label: number
  /** In pixels of the scene; 0 where an area is drawn. */
  radius: number
  color: string
}

export class Drawing {
  private pulled: { pen: Pen; points: Pixel[] } | null = null
  private clicked: { pen: Pen; points: Pixel[] } | null = null

  constructor(private readonly sketch: Sketch) {}

  get hasCorners(): boolean {
    return this.clicked !== null
  }

  begin(pen: Pen, at: Pixel): void {
    this.pulled = { pen, points: [rounded(at)] }
    this.show()
  }

  /** Points closer than this, or a quarter of the radius, add nothing. */
  extend(at: Pixel, closest: number): void {
    if (!this.pulled) return
    const { pen, points } = this.pulled
    if (distance(at, points.at(-1)!) < Math.max(pen.radius / 4, closest, 0.25)) return
    points.push(rounded(at))
    this.show()
  }

  /** The stroke or loop; null where a loop encloses nothing. */
  end(): Shape | null {
    const { pulled } = this
    const shape = pulled && shapeOf(pulled)
    this.pulled = null
    this.sketch.outlinePolygon([], '')
    if (pulled && shape) this.sketch.draw(shape, pulled.pen.color)
    return shape
  }

  drop(): void {
    this.pulled = null
    this.sketch.outlinePolygon([], '')
    this.sketch.drop()
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
    this.sketch.outlinePolygon(at ? [...points, at] : points, pen.color)
  }

  /** The polygon of the corners; null where they span no area. */
  close(): Shape | null {
    const shape = this.clicked && shapeOf(this.clicked)
    const color = this.clicked?.pen.color ?? ''
    this.cancel()
    if (shape) this.sketch.draw(shape, color)
    return shape
  }

  cancel(): void {
    this.clicked = null
    this.sketch.outlinePolygon([], '')
  }

  private show(): void {
    const { pen, points } = this.pulled!
    if (pen.radius > 0) this.sketch.draw({ ...pen, points }, pen.color)
    else this.sketch.outlinePolygon(points, pen.color)
  }
}

/** Three points span an area, one makes a stroke. */
function shapeOf({ pen, points }: { pen: Pen; points: Pixel[] }): Shape | null {
  const { tool, label, radius } = pen
  return radius > 0 || points.length > 2 ? { tool, label, radius, points } : null
}
