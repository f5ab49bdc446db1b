/** Strokes and polygons while they are drawn, and until the tiles that show them are there. */
import Feature from 'ol/Feature'
import Circle from 'ol/geom/Circle'
import LineString from 'ol/geom/LineString'
import Polygon from 'ol/geom/Polygon'
import VectorLayer from 'ol/layer/Vector'
import VectorSource from 'ol/source/Vector'
import Fill from 'ol/style/Fill'
import Stroke from 'ol/style/Stroke'
import Style, { type StyleLike } from 'ol/style/Style'
import { toCoordinate, type Pixel } from './pixels'
import type { Shape } from './shapes'

export class Sketch {
  /** Drawn as strongly as the mask itself. */
  readonly shapes = new VectorLayer({ source: new VectorSource(), updateWhileInteracting: true })
  /** Outlines: the ring of the brush, the open polygon. */
  readonly outlines = new VectorLayer({ source: new VectorSource(), updateWhileInteracting: true })
  private readonly ring = new Feature(new Circle([0, 0], 0))
  private readonly open = new Feature()
  private readonly waiting = new Map<string, Feature>()
  private current: Feature | null = null

  constructor() {
    this.outlines.getSource()!.addFeatures([this.open, this.ring])
  }

  /** The shape that is being drawn now. */
  draw(shape: Shape, color: string): void {
    this.current ??= this.added()
    this.current.setGeometry(geometryOf(shape))
    this.current.setStyle(styleOf(shape, color))
  }

  /** The drawn shape is an edit now; it stays on the map until `settle`. */
  keep(uuid: string): void {
    if (this.current) this.waiting.set(uuid, this.current)
    this.current = null
  }

  drop(): void {
    if (this.current) this.shapes.getSource()!.removeFeature(this.current)
    this.current = null
  }

  /** Show an edit that is still on its way, as after a reload of the page. */
  restore(uuid: string, shape: Shape, color: string): void {
    if (this.waiting.has(uuid)) return
    this.draw(shape, color)
    this.keep(uuid)
  }

  /** The tiles show these edits now. */
  settle(uuids: readonly string[]): void {
    for (const uuid of uuids) {
      const feature = this.waiting.get(uuid)
      if (feature) this.shapes.getSource()!.removeFeature(feature)
      this.waiting.delete(uuid)
    }
  }

  /** Take all edits that wait off the map. */
  clear(): void {
    this.settle(this.kept)
  }

  get kept(): string[] {
    return [...this.waiting.keys()]
  }

  /** The ring of the brush; null hides it. */
  point(at: Pixel | null, radius: number, color: string): void {
    this.ring.getGeometry()!.setCenterAndRadius(at ? toCoordinate(at) : [0, 0], at ? radius : 0)
    this.ring.setStyle(at ? outline(color) : new Style())
  }

  /** The polygon between its first click and its last, up to the pointer. */
  outlinePolygon(points: readonly Pixel[], color: string): void {
    this.open.setGeometry(points.length > 0 ? new Polygon([[...points, points[0]!].map(toCoordinate)]) : undefined)
    this.open.setStyle(outline(color, hexAlpha(color, 0.22)))
  }

  private added(): Feature {
    const feature = new Feature()
    this.shapes.getSource()!.addFeature(feature)
    return feature
  }
}

function geometryOf({ radius, points }: Shape): LineString | Polygon {
  const line = points.map(toCoordinate)
  if (radius === 0) return new Polygon([[...line, line[0]!]])
  // One point alone has no length and would not be drawn.
  return new LineString(line.length > 1 ? line : [line[0]!, [line[0]![0] + 1e-3, line[0]![1]]])
}

function styleOf(shape: Shape, color: string): StyleLike {
  if (shape.radius === 0) return new Style({ fill: new Fill({ color }) })
  return (_feature, resolution) =>
    new Style({ stroke: new Stroke({ color, width: Math.max((2 * shape.radius) / resolution, 1), lineCap: 'round', lineJoin: 'round' }) })
}

function outline(color: string, fill?: string): Style[] {
  const styles = [
    new Style({ stroke: new Stroke({ color: 'rgb(0 0 0 / 60%)', width: 3.5 }) }),
    new Style({ stroke: new Stroke({ color, width: 1.75 }) }),
  ]
  return fill ? [new Style({ fill: new Fill({ color: fill }) }), ...styles] : styles
}

function hexAlpha(color: string, alpha: number): string {
  return `${color}${Math.round(alpha * 255).toString(16).padStart(2, '0')}`
}
