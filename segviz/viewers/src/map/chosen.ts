/** A ring around the pixel that was chosen. */
import type Map from 'ol/Map'
import Overlay from 'ol/Overlay'
import { h } from '../dom'
import { toCoordinate, type Pixel } from './pixels'

export class Place {
  private readonly ring = new Overlay({ element: h('div', { class: 'sv-place', title: 'The place that is shown' }), positioning: 'center-center', stopEvent: false })

  constructor(map: Map) {
    map.addOverlay(this.ring)
  }

  /** Around a pixel's middle; nowhere when null. */
  show(at: Pixel | null): void {
    this.ring.setPosition(at ? toCoordinate([at[0] + 0.5, at[1] + 0.5]) : undefined)
  }
}
