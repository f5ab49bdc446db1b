/** Mouse, pen and wheel over the three planes, told as movements in voxels. */
import { contains, fromScreen, type PlaneView, type Vec3 } from '../geometry'
import type { Picture } from './picture'

export type Drag = 'navigate' | 'window' | 'pan' | 'brush' | 'eraser'

export interface Hand {
  /** Which drag a press begins. */
  dragOf(event: PointerEvent): Drag
  hover(view: PlaneView | null, voxel: Vec3 | null): void
  navigate(voxel: Vec3): void
  window(dx: number, dy: number): void
  /** One point of a stroke; `begin` for its first. */
  paint(view: PlaneView, voxel: Vec3, tool: 'brush' | 'eraser', begin: boolean): void
  paintEnd(): void
  scroll(view: PlaneView, steps: number): void
  maximise(view: PlaneView): void
}

/** Wheel movement that makes one slice; trackpads send many small ones. */
const NOTCH = 60

export function listen(layer: HTMLElement, picture: Picture, hand: Hand): void {
  let drag: { kind: Drag; view: PlaneView; at: Vec3; x: number; y: number } | null = null
  let wheel = 0

  const where = (event: MouseEvent) => {
    const box = layer.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const viewAt = (x: number, y: number) => picture.views.find((view) => contains(view, x, y)) ?? null

  layer.addEventListener('pointerdown', (event) => {
    const { x, y } = where(event)
    const view = viewAt(x, y)
    if (!view || drag) return
    event.preventDefault()
    layer.focus({ preventScroll: true })
    layer.setPointerCapture(event.pointerId)
    const at = fromScreen(view, x, y, picture.crosshair)
    drag = { kind: hand.dragOf(event), view, at, x, y }
    if (drag.kind === 'navigate') hand.navigate(at)
    if (drag.kind === 'brush' || drag.kind === 'eraser') hand.paint(view, at, drag.kind, true)
  })

  layer.addEventListener('pointermove', (event) => {
    const { x, y } = where(event)
    const view = drag?.view ?? viewAt(x, y)
    const voxel = view && fromScreen(view, x, y, picture.crosshair)
    hand.hover(view, voxel)
    if (!drag || !voxel) return
    if (drag.kind === 'navigate') hand.navigate(voxel)
    else if (drag.kind === 'window') hand.window(x - drag.x, y - drag.y)
    else if (drag.kind === 'pan') {
      const now = picture.views.find((now) => now.plane === drag!.view.plane)
      if (now) picture.pan(drag.at, fromScreen(now, x, y, picture.crosshair))
    } else for (const point of event.getCoalescedEvents?.() ?? [event]) paint(point)
    drag.x = x
    drag.y = y
  })

  function paint(event: PointerEvent): void {
    if (!drag || (drag.kind !== 'brush' && drag.kind !== 'eraser')) return
    const { x, y } = where(event)
    hand.paint(drag.view, fromScreen(drag.view, x, y, picture.crosshair), drag.kind, false)
  }

  const end = () => {
    if (drag?.kind === 'brush' || drag?.kind === 'eraser') hand.paintEnd()
    drag = null
  }
  layer.addEventListener('pointerup', end)
  layer.addEventListener('pointercancel', end)
  layer.addEventListener('pointerleave', () => drag ?? hand.hover(null, null))
  layer.addEventListener('contextmenu', (event) => event.preventDefault())

  layer.addEventListener('dblclick', (event) => {
    const { x, y } = where(event)
    const view = viewAt(x, y)
    if (view) hand.maximise(view)
  })

  layer.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault()
      const { x, y } = where(event)
      const view = viewAt(x, y)
      if (!view || drag) return
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 30
      if (event.ctrlKey || event.metaKey) {
        picture.zoomAt(fromScreen(view, x, y, picture.crosshair), picture.zoom * Math.exp(-pixels / 400))
        return
      }
      wheel = Math.abs(pixels) >= NOTCH || wheel * pixels < 0 ? pixels : wheel + pixels
      if (Math.abs(wheel) < NOTCH) return
      hand.scroll(view, -Math.sign(wheel))
      wheel = 0
    },
    { passive: false },
  )
}
