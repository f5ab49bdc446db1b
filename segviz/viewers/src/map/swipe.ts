/** Two dates in one picture, divided by a line that can be dragged. */
import type BaseLayer from 'ol/layer/Base'
import type Map from 'ol/Map'
import { getRenderPixel } from 'ol/render'
import type RenderEvent from 'ol/render/Event'
import { h } from '../dom'
import { icon } from '../icons'

export class Swipe {
  private at = 0.5
  private readonly handle = h(
    'div',
    { class: 'sv-swipe', role: 'slider', tabindex: 0, 'aria-label': 'Divide the two dates', 'aria-valuemin': 0, 'aria-valuemax': 100, hidden: true },
    h('i', {}, icon('swipe')),
  )
  private readonly captions = {
    left: h('div', { class: 'sv-side', 'data-side': 'left', hidden: true }),
    right: h('div', { class: 'sv-side', 'data-side': 'right', hidden: true }),
  }

  constructor(
    stage: HTMLElement,
    private readonly map: Map,
    private readonly onMove: () => void,
  ) {
    stage.append(this.captions.left, this.captions.right, this.handle)
    this.handle.addEventListener('pointerdown', (event) => {
      event.preventDefault()
      this.handle.setPointerCapture(event.pointerId)
    })
    this.handle.addEventListener('pointermove', (event) => {
      if (!this.handle.hasPointerCapture(event.pointerId)) return
      const box = stage.getBoundingClientRect()
      this.move((event.clientX - box.left) / box.width)
    })
    this.handle.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key]
      if (step) this.move(this.at + step)
    })
    this.place(0.5)
  }

  /** The share of the width at the left of the line; 1 without a line. */
  get part(): number {
    return this.active ? this.at : 1
  }

  get active(): boolean {
    return !this.handle.hidden
  }

  /** Whether this screen position shows the date at the right. */
  isRight(screenX: number): boolean {
    return this.active && screenX > this.at * (this.map.getSize()?.[0] ?? 0)
  }

  /** Names of the dates at the left and the right; without a right one there is nothing to divide. */
  show(left: string, right: string): void {
    this.handle.hidden = !right
    this.captions.left.textContent = left
    this.captions.right.textContent = right
    this.captions.left.hidden = !left
    this.captions.right.hidden = !right
    this.map.render()
  }

  /** Draw a layer on one side of the line only, while there is one. */
  clip(layer: BaseLayer, side: 'left' | 'right'): void {
    layer.on('prerender' as never, ((event: RenderEvent) => this.before(event, side)) as never)
    layer.on('postrender' as never, ((event: RenderEvent) => {
      if (this.active) (event.context as CanvasRenderingContext2D).restore()
    }) as never)
  }

  private before(event: RenderEvent, side: 'left' | 'right'): void {
    const size = this.map.getSize()
    if (!this.active || !size) return
    const [width, height] = size as [number, number]
    const at = width * this.at
    const [x0, x1] = side === 'left' ? [0, at] : [at, width]
    const pen = event.context as CanvasRenderingContext2D
    const corners = [[x0, 0], [x1, 0], [x1, height], [x0, height]].map((corner) => getRenderPixel(event, corner))
    pen.save()
    pen.beginPath()
    corners.forEach(([x, y], index) => (index === 0 ? pen.moveTo(x!, y!) : pen.lineTo(x!, y!)))
    pen.closePath()
    pen.clip()
  }

  private move(part: number): void {
    this.place(part)
    this.map.render()
    this.onMove()
  }

  private place(part: number): void {
    this.at = Math.min(Math.max(part, 0), 1)
    this.handle.style.left = `${this.at * 100}%`
    this.handle.setAttribute('aria-valuenow', String(Math.round(this.at * 100)))
  }
}
