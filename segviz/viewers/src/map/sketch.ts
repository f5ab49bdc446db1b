/** Edits that wait to be acknowledged, on the map until the tiles that show them are there. */
import Feature from 'ol/Feature'
import LineString from 'ol/geom/LineString'
import Polygon from 'ol/geom/Polygon'
import VectorLayer from 'ol/layer/Vector'
import VectorSource from 'ol/source/Vector'
import Fill from 'ol/style/Fill'
import Stroke from 'ol/style/Stroke'
import Style, { type StyleLike } from 'ol/style/Style'
import { toCoordinate } from './pixels'
import type { Shape } from './shapes'

export class Sketch {
  /** Drawn as strongly as the mask itself. */
  readonly layer = new VectorLayer({ source: new VectorSource(), updateWhileInteracting: true })
  private readonly waiting = new Map<string, Feature>()

  /** Draw an edit that is on its way. */
  keep(uuid: string, shape: Shape, color: string): void {
    if (this.waiting.has(uuid)) return
    const feature = new Feature(geometryOf(shape))
    feature.setStyle(styleOf(shape, color))
    this.layer.getSource()!.addFeature(feature)
    this.waiting.set(uuid, feature)
  }

  /** The tiles show these edits now. */
  settle(uuids: readonly string[]): void {
    for (const uuid of uuids) {
      const feature = this.waiting.get(uuid)
      if (feature) this.layer.getSource()!.removeFeature(feature)
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
