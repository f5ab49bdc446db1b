/** The shape in the hand: a stroke being pulled or a polygon being clicked. */
import type { Pixel } from './pixels'
import type { Shape, ShapeTool, Sketch } from './sketch'

export interface Brush {
  label: number
  radius: number
  only: number | null
  color: string
}

export class Drawing {
  private shape: Shape | null = null
  private color = ''
  /** Clicked corners of the open polygon. */
  private corners: Pixel[] = []

  constructor(private readonly sketch: Sketch) {}

  get polygonIsOpen(): boolean {
    return this.corners.length > 0
  }

  begin(tool: ShapeTool, brush: Brush, at: Pixel): void {
    const { label, radius, only, color } = brush
    this.shape = { tool, label, points: [rounded(at)], radius, only }
    this.color = color
    this.sketch.draw(this.shape, color)
  }

  /** Points closer than a quarter of the radius add nothing. */
  extend(at: Pixel): void {
    if (!this.shape) return
    const last = this.shape.points.at(-1)!
    if (Math.hypot(at[0] - last[0], at[1] - last[1]) < Math.max(this.shape.radius / 4, 0.25)) return
    this.shape.points.push(rounded(at))
    this.sketch.draw(this.shape, this.color)
  }

  end(): Shape | null {
    const shape = this.shape
    this.shape = null
    return shape
  }

  corner(at: Pixel, closest: number): void {
    const last = this.corners.at(-1)
    if (last && Math.hypot(at[0] - last[0], at[1] - last[1]) < closest) return
    this.corners.push(rounded(at))
  }

  dropCorner(): void {
    this.corners.pop()
  }

  pointTo(at: Pixel | null, color: string): void {
    this.sketch.outlinePolygon(at && this.polygonIsOpen ? [...this.corners, at] : this.corners, color)
  }

  /** The polygon of the corners; null where they span no area. */
  close(brush: Brush): Shape | null {
    const points = this.corners
    this.cancel()
    if (points.length < 3) return null
    const { label, only, color } = brush
    const shape: Shape = { tool: 'polygon', label, points, radius: 0, only }
    this.sketch.draw(shape, color)
    return shape
  }

  cancel(): void {
    this.corners = []
    this.sketch.outlinePolygon([], '')
  }
}

/** A hundredth of a pixel is exact enough and keeps edits short. */
function rounded([column, row]: Pixel): Pixel {
  return [Math.round(column * 100) / 100, Math.round(row * 100) / 100]
}
