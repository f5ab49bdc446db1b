/** Pictures and masks of two dates, stacked: one at the left of the swipe line, one at its right. */
import type BaseLayer from 'ol/layer/Base'
import TileLayer from 'ol/layer/Tile'
import { tileQuery, type Rgb } from './bands'
import { projectionOf, tileGridOf, type Revisions } from './pixels'
import { maskUrl, url, type MapProps, type Visit } from './props'
import { drawnAs, Tiles, type Grid, type MaskLook } from './tiles'

type Address = (z: number, x: number, y: number) => string

interface Side {
  image: TileLayer<Tiles>
  mask: TileLayer<Tiles>
}

export class Layers {
  readonly left: Side = side()
  readonly right: Side = side()
  readonly grid: Grid
  private magnified = false
  private keyed = 0

  constructor({ shape, max_zoom }: MapProps) {
    this.grid = { projection: projectionOf(shape), tileGrid: tileGridOf(shape, max_zoom) }
  }

  /** From the bottom up. */
  get all(): BaseLayer[] {
    return [this.left.image, this.right.image, this.left.mask, this.right.mask]
  }

  showImages(props: MapProps, rgb: Rgb, left: Visit, right: Visit | undefined): void {
    this.showImage(this.left, props, rgb, left)
    if (right) this.showImage(this.right, props, rgb, right)
  }

  /** Labels of both dates; where masks are compared, how they differ. */
  showMasks(props: MapProps, revisions: Revisions, left: Visit, right: Visit | undefined, look: MaskLook): void {
    const { compare } = props
    const own: Address = (z, x, y) => maskTile(maskUrl(props, left), z, x, y, revisions.of(z, x, y))
    const compared: Address = (z, x, y) => filled(compare!.tiles, { z, x, y })
    this.showLabels(this.left, compare ? compared : own, look)
    if (right) this.showLabels(this.right, (z, x, y) => maskTile(maskUrl(props, right), z, x, y, right.revision), look)
  }

  /** What changed, over the pictures of both dates. */
  showChange({ change }: MapProps, look: MaskLook): void {
    if (!change) return
    const address: Address = (z, x, y) => filled(change.tiles, { z, x, y })
    for (const side of [this.left, this.right]) this.showLabels(side, address, look)
  }

  /** How strongly masks are drawn, and whether there is a right side. */
  look(opacity: number, masks: boolean, right: boolean): void {
    for (const { mask } of [this.left, this.right]) mask.setOpacity(opacity)
    this.left.mask.setVisible(masks)
    this.right.mask.setVisible(masks && right)
    this.right.image.setVisible(right)
  }

  /** Cells become crisp where one is larger than a screen pixel. */
  magnify(resolution: number): void {
    this.magnified = resolution < 1
    for (const { image } of [this.left, this.right]) {
      const source = image.getSource()
      if (source) source.crisp = this.magnified
    }
  }

  /** Ask for the tiles of the left mask whose address has changed. */
  rekey(): void {
    this.left.mask.getSource()?.rekey(`mask-${++this.keyed}`)
  }

  private showImage(side: Side, props: MapProps, rgb: Rgb, visit: Visit): void {
    const query = tileQuery(rgb, visit.bands, props.stretch)
    const source = new Tiles(this.grid, (z, x, y) => `${url(props, visit)}/tiles/${z}/${x}/${y}.jpg?${query}${visit.sharp ? '' : '&blurred'}`)
    source.crisp = this.magnified
    side.image.setSource(source)
  }

  private showLabels(side: Side, address: Address, look: MaskLook): void {
    const source = new Tiles(this.grid, address, drawnAs(look))
    source.crisp = true
    side.mask.setSource(source)
  }
}

/** Address of a tile of a mask at a revision. */
export function maskTile(layer: string, z: number, x: number, y: number, revision: number): string {
  return `${layer}/mask/${z}/${x}/${y}.png?rev=${revision}`
}

function filled(template: string, values: Record<string, number>): string {
  return template.replace(/\{(z|x|y)\}/g, (_, name: string) => String(values[name]))
}

function side(): Side {
  return { image: new TileLayer<Tiles>({ preload: 1 }), mask: new TileLayer<Tiles>({ className: 'sv-mask' }) }
}
