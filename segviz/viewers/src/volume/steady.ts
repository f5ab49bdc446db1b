/** The picture that stays: drawn by the graphics card, and by the processor where it cannot. */
import type { Label } from '../api'
import { h } from '../dom'
import type { Plane, Vec3 } from '../geometry'
import { FlatPicture } from './flat'
import { CardPicture, type Picture } from './picture'
import type { Window } from './windows'

const NOTE = 'Drawn without the graphics card; slower'

export class SteadyPicture implements Picture {
  private drawn: Picture
  private look: { labels: readonly Label[]; hidden: ReadonlySet<number>; opacity: number; outline: boolean } = {
    labels: [],
    hidden: new Set(),
    opacity: 1,
    outline: false,
  }
  private told: () => void = () => undefined

  constructor(private readonly host: HTMLElement) {
    this.drawn = CardPicture.isPossible() && !isAskedFor() ? this.onCard() : this.flat()
  }

  async open(file: ArrayBuffer, windowOf: (values: ArrayLike<number>) => Window): Promise<void> {
    const card = this.drawn instanceof CardPicture ? this.drawn : null
    try {
      await this.drawn.open(file, windowOf)
      if (card?.isLost) this.goOnFlat(card)
    } catch (error) {
      if (!card) throw error
      this.replace(this.flat())
      await this.drawn.open(file, windowOf)
    }
  }

  get onDraw(): () => void {
    return this.told
  }

  set onDraw(told: () => void) {
    this.told = this.drawn.onDraw = told
  }

  paintWith(labels: readonly Label[], hidden: ReadonlySet<number>): void {
    Object.assign(this.look, { labels, hidden })
    this.drawn.paintWith(labels, hidden)
  }

  maskLook(opacity: number, outline: boolean): void {
    Object.assign(this.look, { opacity, outline })
    this.drawn.maskLook(opacity, outline)
  }

  private onCard(): CardPicture {
    const card = new CardPicture(this.host)
    card.onLost = () => this.goOnFlat(card)
    return card
  }

  private flat(): FlatPicture {
    this.host.append(h('div', { class: 'sv-badge sv-flat', role: 'status' }, NOTE))
    return new FlatPicture(this.host)
  }

  /** Mask, place and zoom stay; a picture that was not open yet is opened by `open`. */
  private goOnFlat(card: CardPicture): void {
    if (this.drawn !== card || card.mask.length === 0) return
    const flat = this.flat()
    flat.take(card)
    this.replace(flat)
    const { labels, hidden, opacity, outline } = this.look
    flat.paintWith(labels, hidden)
    flat.maskLook(opacity, outline)
  }

  private replace(flat: FlatPicture): void {
    const before = this.drawn
    this.drawn = flat
    flat.onDraw = this.told
    before.destroy()
    before.canvas.remove()
    this.told()
  }

  // What the drawn picture knows and does

  get canvas(): HTMLCanvasElement { return this.drawn.canvas }
  get shape(): Vec3 { return this.drawn.shape }
  get spacing(): Vec3 { return this.drawn.spacing }
  get affine(): number[][] { return this.drawn.affine }
  get mask(): Uint8Array { return this.drawn.mask }
  get single(): Plane | null { return this.drawn.single }
  get views(): Picture['views'] { return this.drawn.views }
  get zoom(): number { return this.drawn.zoom }
  get scan(): Picture['scan'] { return this.drawn.scan }
  get window(): Window { return this.drawn.window }
  set window(window: Window) { this.drawn.window = window }
  get radiological(): boolean { return this.drawn.radiological }
  set radiological(on: boolean) { this.drawn.radiological = on }
  get crosshair(): Vec3 { return this.drawn.crosshair }
  set crosshair(voxel: Vec3) { this.drawn.crosshair = voxel }
  valueAt(voxel: Vec3): number { return this.drawn.valueAt(voxel) }
  zoomAt(point: Vec3, zoom: number): void { this.drawn.zoomAt(point, zoom) }
  pan(from: Vec3, to: Vec3): void { this.drawn.pan(from, to) }
  fit(): void { this.drawn.fit() }
  show(single: Plane | null): void { this.drawn.show(single) }
  refreshMask(from?: number, to?: number): void { this.drawn.refreshMask(from, to) }
  resize(): void { this.drawn.resize() }
  draw(): void { this.drawn.draw() }
  destroy(): void { this.drawn.destroy() }
} // prettier-ignore

/** `?canvas` in the page's address. */
function isAskedFor(): boolean {
  return new URLSearchParams(location.search).has('canvas')
}
