/** Outlines of the areas that are measured in, over everything else. */
import Feature from 'ol/Feature'
import MultiPolygon from 'ol/geom/MultiPolygon'
import VectorLayer from 'ol/layer/Vector'
import VectorSource from 'ol/source/Vector'
import Fill from 'ol/style/Fill'
import Stroke from 'ol/style/Stroke'
import Style from 'ol/style/Style'
import Text from 'ol/style/Text'
import { askJson } from '../api'
import { toCoordinate, type Pixel } from './pixels'

/** Parts of an area, each its outline and its holes. */
export interface Outline {
  name: string
  parts: Pixel[][][]
}

export class Areas {
  readonly layer = new VectorLayer({ source: new VectorSource(), declutter: true })
  private shown = ''

  /** Show the areas of an address; none without one. The last address asked for wins. */
  async show(address: string): Promise<void> {
    if (address === this.shown) return
    this.shown = address
    const { areas } = address ? await askJson<{ areas: Outline[] }>(address) : { areas: [] }
    if (address !== this.shown) return
    const source = this.layer.getSource()!
    source.clear()
    source.addFeatures(areas.map(featureOf))
  }
}

export function featureOf({ name, parts }: Outline): Feature {
  const feature = new Feature(new MultiPolygon(parts.map((rings) => rings.map((ring) => ring.map(toCoordinate)))))
  feature.setStyle([new Style({ stroke: new Stroke({ color: '#000000b0', width: 4 }) }), new Style({ stroke: LINE, text: written(name) })])
  return feature
}

const LINE = new Stroke({ color: '#ffffff', width: 2 })

function written(text: string): Text {
  return new Text({ text, font: '600 12px system-ui, sans-serif', overflow: true, fill: new Fill({ color: '#ffffff' }), stroke: new Stroke({ color: '#000000c0', width: 3 }) })
}
