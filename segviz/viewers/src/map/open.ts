/** An OpenLayers map in the scene's pixels, without controls of its own. */
import type BaseLayer from 'ol/layer/Base'
import Map from 'ol/Map'
import View from 'ol/View'
import { defaults as interactions } from 'ol/interaction/defaults'
import { extentOf } from './pixels'
import type { MapProps } from './props'
import type { Grid } from './tiles'

/** Screen pixels that one cell fills at the highest zoom. */
const CLOSEST = 16

export function openMap(target: HTMLElement, { shape, max_zoom }: MapProps, { projection }: Grid, layers: BaseLayer[]): Map {
  return new Map({
    target,
    layers,
    controls: [],
    interactions: interactions({
      doubleClickZoom: false,
      dragPan: false,
      shiftDragZoom: false,
      altShiftDragRotate: false,
      pinchRotate: false,
      keyboard: false,
    }),
    view: new View({
      projection,
      center: [shape[1] / 2, -shape[0] / 2],
      resolution: 2 ** max_zoom,
      minResolution: 1 / CLOSEST,
      maxResolution: 2 ** (max_zoom + 1),
      extent: extentOf(shape),
      constrainOnlyCenter: true,
      smoothResolutionConstraint: false,
      enableRotation: false,
    }),
  })
}

/** Keeps the whole scene in the window for as long as nobody has moved the map. */
export class Fit {
  private fitted = ''

  constructor(
    private readonly map: Map,
    private readonly props: MapProps,
  ) {
    map.on('change:size', () => this.again())
  }

  now(): void {
    this.map.updateSize()
    this.map.getView().fit(extentOf(this.props.shape), { padding: [12, 12, 12, 12] })
    this.fitted = this.viewed
  }

  private again(): void {
    if (this.fitted === '' || this.fitted === this.viewed) this.now()
  }

  private get viewed(): string {
    const view = this.map.getView()
    return `${view.getCenter()} ${view.getResolution()}`
  }
}
